import fp from 'fastify-plugin'

type LeveledLogger = { isLevelEnabled?: (level: string) => boolean }

/** One line a request, with its id. The query is left out: people put secrets there. */
export default fp(
  async server => {
    // A hook for the end of a response costs something even when it says nothing. A host's logger may not tell its level.
    if ((server.log as LeveledLogger).isLevelEnabled?.('info') === false) return
    server.addHook('onResponse', (request, reply, done) => {
      const path = request.url.split('?', 1)[0]
      const level = path?.includes('/health/') ? 'debug' : 'info'
      const took = Math.round(reply.elapsedTime * 10) / 10
      request.log[level](
        { method: request.method, path, status: reply.statusCode, ip: request.ip, ms: took },
        'request'
      )
      done()
    })
  },
  { name: 'request-log' }
)
