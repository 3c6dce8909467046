import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { simpleJwtBody, simpleJwtErrors, simpleJwtRoute } from '../../../src/schemas/simplejwt.ts'
import { success } from '../../../src/schemas/success.ts'

const body = simpleJwtBody(
  { refresh: Type.String({ description: 'The refresh token of the last login or refresh' }) },
  'DjangoRefresh',
  { refresh: 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...' }
)

const schema = {
  operationId: 'blacklistToken',
  summary: 'Log out, as with SimpleJWT',
  description:
    'What /api/logout/ does, for clients of Django SimpleJWT: the session ends, and its access tokens with it.',
  ...simpleJwtRoute,
  body,
  response: {
    200: success(Type.Object({}, { examples: [{}] }), 'The token is blacklisted'),
    ...simpleJwtErrors(body, 'invalid', 'expired', 'wrong_type', 'blacklisted')
  }
}

export default (async app => {
  app.post('/blacklist/', { schema }, async ({ body, ip }) => {
    await app.simplejwt.blacklist(body.refresh, ip)
    return {}
  })
}) satisfies FastifyPluginAsyncTypebox
