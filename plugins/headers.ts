import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { formProblem } from '../src/request-form.ts'

/** Safe headers on every answer (ASVS 3.4); what may be cached or shown in a page says so itself. */
export default fp<AppOptions>(
  async (server, { config }) => {
    const safe = await safeHeaders(config.publicUrl.startsWith('https:'))
    server.addHook('onRequest', (request, reply, done) => {
      reply.headers(safe).header('x-request-id', request.id)
      const problem = formProblem(request.raw)
      // What the next bytes of such a connection mean is anybody's guess.
      if (problem) reply.header('connection', 'close')
      done(problem)
    })
  },
  { name: 'headers' }
)

/**
 * What Helmet sets on an answer of ours. It would work the same headers out again for every request, which costs more
 * than checking a token does; so it is asked once, on an instance that serves nothing.
 */
async function safeHeaders(https: boolean): Promise<Record<string, string>> {
  const carrier = Fastify()
  await carrier.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    hsts: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    // For pages of browsers that are gone, or not for an API at all.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false
  })
  let safe: Record<string, string> = {}
  carrier.get('/', async (_request, reply) => {
    safe = { ...(reply.getHeaders() as Record<string, string>), 'cache-control': 'no-store' }
  })
  await carrier.inject('/')
  await carrier.close()
  return safe
}
