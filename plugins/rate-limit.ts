import rateLimit from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { PosternError } from '../src/errors.ts'

/** Limits for routes that ask for one in their `config.rateLimit`, by client address (IPv6 by /64). */
export default fp<AppOptions>(
  async (server, { config }) => {
    if (config.authRateLimit === 'off') {
      server.log.warn('AUTH_RATE_LIMIT is off: passwords can be guessed at full speed')
      return
    }
    await server.register(rateLimit, {
      global: false,
      enableDraftSpec: true,
      errorResponseBuilder: (_request, { ttl }) =>
        new PosternError('rate_limited', { retryAfter: Math.ceil(ttl / 1000) })
    })
  },
  { name: 'rate-limit', dependencies: ['errors'] }
)
