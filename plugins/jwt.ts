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
    secret: { private: key.signWith, public: key.verifyWith },
    sign: { algorithm: key.algorithm, header: { alg: key.algorithm, typ: key.typ }, ...(key.kid && { kid: key.kid }) },
    verify: {
      algorithms: [key.algorithm],
      checkTyp: key.typ,
      allowedIss: key.issuer,
      ...(key.audience && { allowedAud: key.audience }),
      requiredClaims: key.required,
      // Time is the caller's business, so that one clock decides everywhere.
      ignoreExpiration: true,
      cache: false
    }
  })
  await carrier.ready()
  const { jwt } = carrier
  return { sign: claims => jwt.sign(claims), verify: token => jwt.verify(token) }
}

/** Signs and checks JWTs for the core. */
export default fp(
  async server => {
    server.decorate('createJwt', createJwt)
  },
  { name: 'jwt' }
)
