import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { CreateJwt } from '../src/core/jwt.ts'

declare module 'fastify' {
  interface FastifyInstance {
    createJwt: CreateJwt
  }
}

/**
 * Gives each key a @fastify/jwt of its own, on an instance that serves nothing: the plugin takes its key when it is
 * registered, but keys are rotated while the service runs, and a key that is passed with each call is parsed each time.
 */
const createJwt: CreateJwt = async key => {
  const carrier = Fastify()
  await carrier.register(fastifyJwt, {
    secret: { ...(key.signWith && { private: key.signWith }), public: key.verifyWith },
    sign: { algorithm: key.algorithm, header: { alg: key.algorithm, typ: key.typ }, ...(key.kid && { kid: key.kid }) },
    verify: {
      algorithms: [key.algorithm],
      checkTyp: key.typ,
      ...(key.issuer && { allowedIss: key.issuer }),
      ...(key.audience && { allowedAud: key.audience }),
      requiredClaims: key.required,
      // Time is the caller's business, so that one clock decides everywhere.
      ignoreExpiration: true,
      cache: false
    }
  })
  await carrier.ready()
  const { jwt } = carrier
  return {
    sign: claims => jwt.sign(claims),
    verify: token => {
      demandCanonical(token)
      return jwt.verify(token)
    }
  }
}

/** The last letter of a signature has bits that decode to nothing: with them a token could be changed and still be valid. */
function demandCanonical(token: string): void {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    throw new Error('not canonical base64url')
}

/** Signs and checks JWTs for the core. */
export default fp(
  async server => {
    server.decorate('createJwt', createJwt)
  },
  { name: 'jwt' }
)
