import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { simpleJwtBody, simpleJwtErrors, simpleJwtRoute, uncachedTokens } from '../../../src/schemas/simplejwt.ts'
import { success } from '../../../src/schemas/success.ts'

const body = simpleJwtBody(
  {
    username: Type.String({ description: 'Username or e-mail address' }),
    password: Type.String({ format: 'password', description: 'White space around it does not count' })
  },
  'DjangoCredentials',
  { username: 'ada', password: 'correct horse battery' }
)

const Tokens = Type.Object(
  {
    refresh: Type.String({ description: 'JWT for /api/token/refresh/; good for one refresh' }),
    access: Type.String({ description: 'JWT for the Authorization header: `Bearer <access>`' })
  },
  {
    title: 'DjangoTokens',
    description: 'The first tokens of a session',
    examples: [{ refresh: 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...', access: 'eyJhbGciOiJFUzI1NiIsInR5cCI6Im...' }]
  }
)

const schema = {
  operationId: 'obtainToken',
  summary: 'Log in, as with SimpleJWT',
  description: 'What /api/login/ does, for clients of Django SimpleJWT. Both draw on one limit.',
  ...simpleJwtRoute,
  body,
  response: {
    200: success(Tokens, 'Logged in', uncachedTokens),
    ...simpleJwtErrors(body, 'no_active_account', 'email_not_verified', 'throttled', 'overloaded')
  }
}

export default (async app => {
  const config = { schema, onRequest: app.limits.login, prefixTrailingSlash: 'slash' } as const
  app.post('/', config, async ({ body, origin }) => app.core.login.withPassword(body.username, body.password, origin))
}) satisfies FastifyPluginAsyncTypebox
