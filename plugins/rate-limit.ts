import rateLimit from '@fastify/rate-limit'
import type { onRequestAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { clientNetwork } from '../src/core/client-address.ts'
import { PosternError } from '../src/errors.ts'
import { memoryStore } from '../src/limits/memory-store.ts'
import { type LimitName, limitsWith } from '../src/limits/named.ts'

type ClientLimits = Readonly<Record<LimitName, onRequestAsyncHookHandler[]>>

declare module 'fastify' {
  interface FastifyInstance {
    /** Limits by client, for `onRequest`: one count for all routes that name it, under whatever path and method. */
    limits: ClientLimits
  }
}

/** The limits of AUTH_RATE_LIMITS, by client address (IPv6 by /64). */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    const limits = Object.entries(limitsWith(config.authRateLimits))
    const decorate = (hooks: Array<readonly [string, onRequestAsyncHookHandler[]]>) =>
      server.decorate('limits', Object.fromEntries(hooks) as ClientLimits)
    if (config.authRateLimit === 'off') {
      server.log.warn('AUTH_RATE_LIMIT is off: passwords can be guessed at full speed')
      decorate(limits.map(([name]) => [name, []]))
      return
    }
    await server.register(rateLimit, {
      global: false,
      enableDraftSpec: true,
      store: memoryStore(now),
      keyGenerator: ({ ip }) => clientNetwork(ip),
      errorResponseBuilder: (_request, { ttl }) =>
        new PosternError('rate_limited', { retryAfter: Math.ceil(ttl / 1000) })
    })
    decorate(limits.map(([name, limit]) => [name, [server.rateLimit(limit)]]))
  },
  { name: 'rate-limit', dependencies: ['errors'] }
)
