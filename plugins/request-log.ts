import fp from 'fastify-plugin'

/** One line a request, with its id. The query is left out: people put secrets there. */
export default fp(
  async server => {
    server.addHook('onResponse', async (request, reply) => {
      const path = request.url.split('?', 1)[0]
      const level = path?.includes('/health/') ? 'debug' : 'info'
      const took = Math.round(reply.elapsedTime * 10) / 10
      request.log[level](
        { method: request.method, path, status: reply.statusCode, ip: request.ip, ms: took },
        'request'
      )
    })
  },
  { name: 'request-log' }
)
