import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { readBody } from '../src/simplejwt/body.ts'
import { sendSimpleJwtError } from '../src/simplejwt/errors.ts'
import { compileFields } from '../src/simplejwt/fields.ts'
import { answerOtherMethods } from '../src/simplejwt/methods.ts'
import { createTokenFace, type TokenFace } from '../src/simplejwt/tokens.ts'

interface SimpleJwt extends TokenFace {
  readBody: typeof readBody
  compileFields: typeof compileFields
  sendError: typeof sendSimpleJwtError
  answerOtherMethods(app: FastifyInstance): void
}

declare module 'fastify' {
  interface FastifyInstance {
    simplejwt: SimpleJwt
  }
}

/** What the paths of Django SimpleJWT need to speak as it does: bodies, fields, errors, methods, tokens. */
export default fp<AppOptions>(
  async (server, { at }) => {
    const face = createTokenFace(server.core)
    server.decorate('simplejwt', {
      ...face,
      readBody,
      compileFields,
      sendError: sendSimpleJwtError,
      answerOtherMethods: app => answerOtherMethods(app, `${at}/api/token`)
    })
  },
  { name: 'simplejwt', dependencies: ['core', 'errors'] }
)
