import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { clientForm, clientRoute, oauthErrors, uncached } from '../../src/schemas/oauth.ts'
import { success } from '../../src/schemas/success.ts'

const body = clientForm(
  {
    token: Type.String({ description: 'An access token or a refresh token' }),
    token_type_hint: Type.Optional(Type.String({ description: 'Not needed: a token shows its kind itself' }))
  },
  'RevocationRequest',
  { token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...' }
)

const schema = {
  operationId: 'revoke',
  summary: 'Take a token out of service',
  description:
    'RFC 7009. An access token is refused from now on, by itself: its session goes on. A refresh token ends its session. A token that is not valid (any more) is no error, and nothing happens.',
  ...clientRoute,
  body,
  response: {
    200: success(Type.Object({}, { examples: [{}] }), 'The token is not valid any more', uncached),
    ...oauthErrors(['token'], 'unauthorized_client')
  }
}

export default (async app => {
  app.post('/revoke', { schema }, async request => {
    await app.core.tokenRevocation.revoke(request.body.token, app.oauth.client(request), request.ip)
    return {}
  })
}) satisfies FastifyPluginAsyncTypebox
