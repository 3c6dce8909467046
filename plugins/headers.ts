import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'

/** Safe headers on every answer (ASVS 3.4); what may be cached or shown in a page says so itself. */
export default fp<AppOptions>(
  async (server, { config }) => {
    await server.register(helmet, {
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'no-referrer' },
      hsts: config.publicUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: false } : false
    })
    server.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store').header('x-request-id', request.id)
    })
  },
  { name: 'headers' }
)
