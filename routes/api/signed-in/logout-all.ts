import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../../src/schemas/problem.ts'
import { setCookie } from '../../../src/schemas/tokens.ts'

const schema = {
  operationId: 'logoutAll',
  summary: 'Log out everywhere',
  description:
    'Ends every session of the user, this one too: all refresh tokens and access tokens are refused from now on.',
  tags: ['session'],
  response: {
    204: Type.Null({ description: 'Logged out everywhere', headers: setCookie }),
    ...problems('not_authenticated', 'token_not_valid', 'csrf_failed', 'unavailable')
  }
}

export default (async app => {
  app.post('/logout-all/', { schema }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    await app.core.sessionControl.logoutAll({ userId, sessionId, ip: request.ip })
    app.cookies.forget(request, reply)
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
