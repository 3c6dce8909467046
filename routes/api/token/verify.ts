import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { simpleJwtBody, simpleJwtErrors, simpleJwtRoute } from '../../../src/schemas/simplejwt.ts'
import { success } from '../../../src/schemas/success.ts'

const body = simpleJwtBody(
  { token: Type.String({ description: 'An access token or a refresh token' }) },
  'DjangoToken',
  { token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...' }
)

const schema = {
  operationId: 'verifyToken',
  summary: 'Check a token of either kind, as with SimpleJWT',
  description:
    'What /api/verify/ does, for clients of Django SimpleJWT. A token whose session has ended is blacklisted, be it an access token.',
  ...simpleJwtRoute,
  body,
  response: {
    200: success(Type.Object({}, { examples: [{}] }), 'The token is valid'),
    ...simpleJwtErrors(body, 'blacklisted_verified', 'invalid', 'expired')
  }
}

export default (async app => {
  app.post('/verify/', { schema }, async ({ body }) => {
    await app.simplejwt.verify(body.token)
    return {}
  })
}) satisfies FastifyPluginAsyncTypebox
