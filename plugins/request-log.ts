import fp from 'fastify-plugin'

type LeveledLogger = { isLevelEnabled?: (level: string) => boolean }

/** One line a request, with its id. The query is left out, and what in a path may be a token: people put secrets there. */
export default fp(
  async server => {
    // A hook for the end of a response costs something even when it says nothing. A host's logger may not tell its level.
    if ((server.log as LeveledLogger).isLevelEnabled?.('info') === false) return
    server.addHook('onResponse', (request, reply, done) => {
      const path = shown(request.url)
      const level = path.includes('/health/') ? 'debug' : 'info'
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

// No id of ours is as long as a token.
const shown = (url: string): string => (url.split('?', 1)[0] as string).replace(/[\w.~%-]{40,}/g, '***')
