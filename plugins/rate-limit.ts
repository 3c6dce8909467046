import rateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
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
    const limits = Object.values(limitsWith(config.authRateLimits))
    const decorate = (hooks: Array<readonly [string, onRequestAsyncHookHandler[]]>) =>
      server.decorate('limits', Object.fromEntries(hooks) as ClientLimits)
    if (config.authRateLimit === 'off') {
      server.log.warn('AUTH_RATE_LIMIT is off: passwords can be guessed at full speed')
      decorate(limits.map(({ name }) => [name, []]))
      return
    }
    await server.register(rateLimit, {
      global: false,
      enableDraftSpec: true,
      store: config.redisUrl === undefined ? memoryStore(now) : await storeIn(config.redisUrl, server, now),
      keyGenerator: ({ ip }) => clientNetwork(ip),
      errorResponseBuilder: (_request, { ttl }) =>
        new PosternError('rate_limited', { retryAfter: Math.ceil(ttl / 1000) })
    })
    decorate(limits.map(limit => [limit.name, [server.rateLimit(limit)]]))
  },
  { name: 'rate-limit', dependencies: ['errors', 'core', 'metrics'] }
)

/** Counts in Redis, and here while Redis does not; `/metrics` tells which. */
async function storeIn(url: string, server: FastifyInstance, now: () => number): Promise<FastifyRateLimitStoreCtor> {
  const { core, log, metrics } = server
  const { openSharedCounts } = await import('../src/limits/shared-counts.ts')
  const { sharedStore } = await import('../src/limits/shared-store.ts')
  const shared = await openSharedCounts(url, {
    lost: reason =>
      log.warn({ reason }, 'Redis does not count for the limits: until it does, each instance counts for itself'),
    back: () => log.info('Redis counts for the limits again')
  })
  server.addHook('onClose', async () => shared.close())
  metrics?.add(
    'postern_redis_in_use',
    'Whether Redis counts for the limits of all instances (1) or each for itself (0)',
    () => Number(shared.isInUse())
  )
  return sharedStore({ shared, now, pseudonym: core.pseudonym })
}
