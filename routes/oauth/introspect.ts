import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { clientForm, clientRoute, oauthErrors, uncached } from '../../src/schemas/oauth.ts'
import { success } from '../../src/schemas/success.ts'

const body = clientForm(
  {
    token: Type.String({ description: 'An access token or a refresh token' }),
    token_type_hint: Type.Optional(Type.String({ description: 'Not needed: a token shows its kind itself' }))
  },
  'IntrospectionRequest',
  { token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...' }
)

const text = (description: string) => Type.Optional(Type.String({ description }))
const time = (description: string) =>
  Type.Optional(Type.Integer({ description: `${description}, in seconds since 1970` }))

const texts = (description: string) =>
  Type.Optional(Type.Unsafe<readonly string[]>(Type.Array(Type.String(), { description })))

const Introspection = Type.Object(
  {
    active: Type.Boolean({ description: 'Whether the token would be accepted now; when false, nothing else is here' }),
    iss: text('PUBLIC_URL'),
    sub: text('The id of the user; of the client in the token of a machine'),
    aud: text('AUTH_AUDIENCE; absent for a refresh token'),
    exp: time('When it expires'),
    iat: time('When it was issued'),
    jti: text('Names this token'),
    client_id: text('Who asked for the token'),
    scope: text('What a machine may do, with spaces between'),
    username: text('The name of the user; absent for a machine'),
    token_type: text('`Bearer` for an access token, `refresh_token` for the other kind, which must open nothing'),
    sid: text('The session; absent for a machine'),
    roles: texts('What the user may do'),
    email: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Of the user' })),
    email_verified: Type.Optional(Type.Boolean({ description: 'Whether the address was proven' })),
    auth_time: time('When the user logged in'),
    amr: texts('How the user logged in (RFC 8176)')
  },
  {
    title: 'Introspection',
    description: 'What there is to know of a token (RFC 7662 section 2.2)',
    examples: [{ active: false }]
  }
)

const schema = {
  operationId: 'introspect',
  summary: 'Ask what a token says, and whether it is valid',
  description:
    'RFC 7662, for access tokens and refresh tokens. A token that is expired, revoked, malformed or from elsewhere is not active, and nothing else is said of it. Changes nothing.',
  ...clientRoute,
  body,
  response: {
    200: success(Introspection, 'The answer', uncached),
    ...oauthErrors(['token'])
  }
}

export default (async app => {
  app.post('/introspect', { schema }, async ({ body }) => app.core.introspection.introspect(body.token))
}) satisfies FastifyPluginAsyncTypebox
