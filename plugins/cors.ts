import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false` leaves a route to whoever asks about it: no header, and OPTIONS is a method like others. */
    cors?: false
  }
}

/** Lets pages of AUTH_CORS_ORIGINS, letter for letter, call the API with cookies. Without any there is no CORS at all. */
export default fp<AppOptions>(
  async (server, { config }) => {
    const listed = new Set<string | undefined>(config.authCorsOrigins)
    if (listed.size === 0) return
    await server.register(cors, {
      origin: (origin, answer) => answer(null, listed.has(origin) && (origin as string)),
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
      exposedHeaders: ['Retry-After', ...LIMITS, 'WWW-Authenticate', 'X-Request-Id'],
      // An OPTIONS without the headers of a preflight gets the answer of one, not an error in another form than ours.
      strictPreflight: false,
      maxAge: 600
    })
  },
  { name: 'cors', dependencies: ['headers', 'errors'] }
)

const LIMITS = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset']
