import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { PosternError } from '../src/errors.ts'

/** Safe headers on every answer (ASVS 3.4); what may be cached or shown in a page says so itself. */
export default fp<AppOptions>(
  async (server, { config }) => {
    const safe = await safeHeaders(config.publicUrl.startsWith('https:'))
    server.addHook('onRequest', (request, reply, done) => {
      reply.headers(safe).header('x-request-id', request.id)
      done(ambiguity(request.raw.rawHeaders))
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

/** Of two such headers Node.js shows the first; a proxy in front may have judged the other (RFC 9110 section 5.3). */
function ambiguity(rawHeaders: string[]): PosternError | undefined {
  let hosts = 0
  let credentials = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (name === 'host') hosts += 1
    else if (name === 'authorization') credentials += 1
  }
  if (hosts > 1) return new PosternError('validation_failed', { detail: 'There is more than one Host header.' })
  return credentials > 1 ? new PosternError('token_not_valid') : undefined
}
