import fp from 'fastify-plugin'

/** Only application/json is read; Fastify would take text/plain too, which a foreign page can send without asking. */
export default fp(
  async server => {
    server.removeContentTypeParser('text/plain')
  },
  { name: 'body' }
)
