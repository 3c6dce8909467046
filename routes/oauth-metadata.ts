import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { success } from '../src/schemas/success.ts'

const url = (description: string) => Type.String({ description })
const list = (description: string) => Type.Array(Type.String(), { description })
const METHODS = ['client_secret_basic', 'client_secret_post']

const ServerMetadata = Type.Object(
  {
    issuer: url('PUBLIC_URL, the `iss` of every token'),
    token_endpoint: url('RFC 6749'),
    token_endpoint_auth_methods_supported: list('How a client authenticates there'),
    introspection_endpoint: url('RFC 7662'),
    introspection_endpoint_auth_methods_supported: list('How a client authenticates there'),
    revocation_endpoint: url('RFC 7009'),
    revocation_endpoint_auth_methods_supported: list('How a client authenticates there'),
    jwks_uri: url('The keys of access tokens'),
    grant_types_supported: list('What the token endpoint takes'),
    response_types_supported: list('None: there is no authorization endpoint'),
    status_list_aggregation_endpoint: url('The status lists of access tokens')
  },
  {
    title: 'ServerMetadata',
    description: 'Authorization server metadata (RFC 8414)',
    examples: [
      {
        issuer: 'https://auth.example.com',
        token_endpoint: 'https://auth.example.com/oauth/token',
        token_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint: 'https://auth.example.com/oauth/introspect',
        introspection_endpoint_auth_methods_supported: METHODS,
        revocation_endpoint: 'https://auth.example.com/oauth/revoke',
        revocation_endpoint_auth_methods_supported: METHODS,
        jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
        grant_types_supported: ['client_credentials'],
        response_types_supported: [],
        status_list_aggregation_endpoint: 'https://auth.example.com/status-lists/'
      }
    ]
  }
)

const schema = {
  operationId: 'serverMetadata',
  summary: 'Where everything is',
  description: 'Authorization server metadata (RFC 8414), with which OAuth clients configure themselves.',
  tags: ['standards'],
  security: [],
  response: {
    200: success(ServerMetadata, 'The metadata', {
      'Cache-Control': Type.String({ description: 'How long a copy is good' })
    })
  }
}

export const autoPrefix = '/.well-known'

export default (async app => {
  app.get('/oauth-authorization-server', { schema }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=3600')
    return app.core.serverMetadata
  })
}) satisfies FastifyPluginAsyncTypebox
