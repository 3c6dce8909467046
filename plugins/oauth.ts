import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { limitsWith } from '../src/limits/named.ts'
import { type ClientGuard, createClientGuard } from '../src/oauth/client-guard.ts'
import { sendOAuthError } from '../src/oauth/errors.ts'
import { parseForm } from '../src/oauth/form.ts'

interface OAuth extends ClientGuard {
  parseForm: typeof parseForm
  sendError: typeof sendOAuthError
}

declare module 'fastify' {
  interface FastifyInstance {
    oauth: OAuth
  }
}

/** What the routes of RFC 6749, 7009 and 7662 need to speak as their clients do: forms, errors, credentials. */
export default fp<AppOptions>(
  async (server, { config }) => {
    // There is none when AUTH_RATE_LIMIT is off.
    const limit = server.createRateLimit?.(limitsWith(config.authRateLimits).client)
    server.decorate('oauth', { ...createClientGuard(server.core.clients, limit), parseForm, sendError: sendOAuthError })
  },
  { name: 'oauth', dependencies: ['core', 'rate-limit'] }
)
