import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { identityHeaders } from '../src/forward-auth/identity.ts'
import { createLoginPages, type LoginPages } from '../src/forward-auth/login-pages.ts'
import { original } from '../src/forward-auth/original.ts'

interface ForwardAuth {
  identityHeaders: typeof identityHeaders
  original: typeof original
  loginPages: LoginPages
}

declare module 'fastify' {
  interface FastifyInstance {
    forwardAuth: ForwardAuth
  }
}

/** What a reverse proxy needs to be told about the caller of a request. */
export default fp<AppOptions>(
  async (server, { config }) => {
    server.decorate('forwardAuth', { identityHeaders, original, loginPages: createLoginPages(config) })
  },
  { name: 'forward-auth' }
)
