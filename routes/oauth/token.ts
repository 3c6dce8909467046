import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { clientForm, clientRoute, oauthErrors, uncached } from '../../src/schemas/oauth.ts'
import { success } from '../../src/schemas/success.ts'

const body = clientForm(
  {
    grant_type: Type.String({ description: '`client_credentials`' }),
    scope: Type.Optional(
      Type.String({ description: 'With spaces between; must be among those of the client. Without it: all of them' })
    )
  },
  'TokenRequest',
  { grant_type: 'client_credentials' }
)

const MachineToken = Type.Object(
  {
    access_token: Type.String({ description: 'JWT (RFC 9068) for the Authorization header' }),
    token_type: Type.String({ description: 'Always `Bearer`' }),
    expires_in: Type.Integer({ description: 'Seconds until it expires' }),
    scope: Type.Optional(Type.String({ description: 'What was granted; absent when the client has no scopes' }))
  },
  {
    title: 'MachineToken',
    description: 'An access token of a client (RFC 6749 section 5.1)',
    examples: [
      {
        access_token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...',
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'reports:read'
      }
    ]
  }
)

const schema = {
  operationId: 'token',
  summary: 'Get an access token for a machine',
  description:
    'The client_credentials grant of RFC 6749. The token is the own one of the client: it has scopes, and no user and no session. There is no refresh token; ask again when it expires.',
  ...clientRoute,
  body,
  response: {
    200: success(MachineToken, 'The access token', uncached),
    ...oauthErrors(['grant_type'], 'unsupported_grant_type', 'invalid_scope')
  }
}

export default (async app => {
  app.post('/token', { schema }, async request =>
    app.core.machineTokens.issue(app.oauth.client(request), request.body, request.ip)
  )
}) satisfies FastifyPluginAsyncTypebox
