import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { simpleJwtBody, simpleJwtErrors, simpleJwtRoute, uncachedTokens } from '../../../src/schemas/simplejwt.ts'
import { success } from '../../../src/schemas/success.ts'

const example = { refresh: 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...' }

const body = simpleJwtBody(
  { refresh: Type.String({ description: 'The refresh token of the last login or refresh' }) },
  'DjangoRefresh',
  example
)

const Rotated = Type.Object(
  {
    access: Type.String({ description: 'JWT for the Authorization header: `Bearer <access>`' }),
    refresh: Type.String({ description: 'JWT that replaces the one that was sent' })
  },
  {
    title: 'DjangoRotatedTokens',
    description: 'The next tokens of a session',
    examples: [{ access: 'eyJhbGciOiJFUzI1NiIsInR5cCI6Im...', ...example }]
  }
)

const schema = {
  operationId: 'refreshToken',
  summary: 'Exchange a refresh token, as with SimpleJWT',
  description: 'What /api/refresh/ does, for clients of Django SimpleJWT: the token that was sent is blacklisted.',
  ...simpleJwtRoute,
  body,
  response: {
    200: success(Rotated, 'The new pair', uncachedTokens),
    ...simpleJwtErrors(body, 'invalid', 'expired', 'wrong_type', 'blacklisted', 'no_user')
  }
}

export default (async app => {
  app.post('/refresh/', { schema }, async ({ body, ip, headers }) =>
    app.simplejwt.rotate(body.refresh, ip, headers['user-agent'])
  )
}) satisfies FastifyPluginAsyncTypebox
