import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { success } from '../src/schemas/success.ts'

const Jwk = Type.Object(
  {
    kty: Type.String({ description: '`EC`, `OKP` (RFC 8037) or `RSA`' }),
    crv: Type.Optional(Type.String({ description: '`P-256` of EC, `Ed25519` of OKP' })),
    x: Type.Optional(Type.String({ description: 'EC and OKP: the point on the curve (base64url)' })),
    y: Type.Optional(Type.String({ description: 'EC: the point on the curve (base64url)' })),
    n: Type.Optional(Type.String({ description: 'RSA: the modulus (base64url)' })),
    e: Type.Optional(Type.String({ description: 'RSA: the exponent (base64url)' })),
    kid: Type.String({ description: 'RFC 7638 thumbprint; the `kid` in the header of a token' }),
    alg: Type.String({ description: '`ES256`, `EdDSA` or `RS256`: the only algorithm that this key is good for' }),
    use: Type.String({ description: 'Always `sig`' })
  },
  {
    title: 'Jwk',
    description: 'A public key (RFC 7517)',
    examples: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
        y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
        kid: 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s',
        alg: 'ES256',
        use: 'sig'
      }
    ]
  }
)

const cached = {
  'Cache-Control': Type.String({ description: 'How long a copy is good' }),
  ETag: Type.String({ description: 'Names this version of the set' })
}

const schema = {
  operationId: 'jwks',
  summary: 'The keys that access tokens are checked with',
  description:
    'A JWK set (RFC 7517). It holds the key that signs, the one that will sign next, and old ones until their last token has expired: a copy of five minutes is never too old.',
  tags: ['standards'],
  security: [],
  headers: Type.Object({
    'if-none-match': Type.Optional(
      Type.String({ description: 'The ETags of copies, or `*`: 304 when one is still right' })
    )
  }),
  response: {
    200: success(Type.Object({ keys: Type.Array(Jwk) }), 'The JWK set', cached),
    304: Type.Null({ description: 'The copy is still right', headers: cached })
  }
}

export const autoPrefix = '/.well-known'

export default (async app => {
  app.get('/jwks.json', { schema }, async (request, reply) => {
    const jwks = app.core.signingKeys.jwks()
    const etag = `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`
    reply.header('cache-control', `public, max-age=${app.core.signingKeys.jwksMaxAge}`).header('etag', etag)
    if (request.hasVersion(etag)) return reply.code(304).send(null)
    return jwks
  })
}) satisfies FastifyPluginAsyncTypebox
