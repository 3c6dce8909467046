import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Jwk = Type.Object({
  kty: Type.String(),
  crv: Type.String(),
  x: Type.String(),
  y: Type.String(),
  kid: Type.String({ description: 'RFC 7638 thumbprint' }),
  alg: Type.String(),
  use: Type.String()
})

const schema = {
  summary: 'The keys that access tokens are checked with',
  description:
    'A JWK set (RFC 7517). It holds the key that signs, the one that will sign next, and old ones until their last token has expired: a copy of five minutes is never too old.',
  tags: ['standards'],
  security: [],
  response: {
    200: Type.Object({ keys: Type.Array(Jwk) }, { description: 'The JWK set' }),
    304: Type.Null({ description: 'The copy that the ETag names is still right' })
  }
}

export const autoPrefix = '/.well-known'

export default (async app => {
  app.get('/jwks.json', { schema }, async (request, reply) => {
    const jwks = app.core.signingKeys.jwks()
    const etag = `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`
    reply.header('cache-control', 'public, max-age=300').header('etag', etag)
    if (request.headers['if-none-match'] === etag) return reply.code(304).send(null)
    return jwks
  })
}) satisfies FastifyPluginAsyncTypebox
