import fastifyCookie from '@fastify/cookie'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { type Cookies, createCookies } from '../src/cookies/cookies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    cookies: Cookies
  }
}

/** Tokens in cookies, for browsers. */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    const { tokens } = server.core
    // On an instance that serves nothing: its hook would run at the end of every request, most of which set no cookie.
    const carrier = Fastify()
    await carrier.register(fastifyCookie, { hook: false })
    const cookies = createCookies({
      config,
      serialize: (name, value, attributes) => carrier.serializeCookie(name, value, attributes),
      lifeOf: refresh => Math.max(0, tokens.verifyRefresh(refresh).exp - Math.floor(now() / 1000))
    })
    if (!cookies.areUsable && config.authCorsOrigins.length > 0)
      server.log.warn('AUTH_CORS_ORIGINS is set, but with http in PUBLIC_URL there are no cookies for browsers to send')
    server.decorate('cookies', cookies)
  },
  { name: 'cookies', dependencies: ['core'] }
)
