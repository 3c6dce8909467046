import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { RefreshToken, setCookie } from '../../src/schemas/tokens.ts'

const schema = {
  operationId: 'logout',
  summary: 'Log out',
  description:
    'Ends the session: its refresh token and all its access tokens are refused from now on, also after a restart. Needs no access token. Without a body the refresh cookie counts, and both cookies are cleared, whether or not the session had ended before.',
  tags: ['session'],
  security: [],
  body: RefreshToken,
  response: {
    204: Type.Null({ description: 'Logged out', headers: setCookie }),
    ...problems(...bodyProblems(RefreshToken), 'token_not_valid', 'csrf_failed')
  }
}

export default (async app => {
  app.post('/logout/', { schema, preValidation: app.cookies.standIn }, async (request, reply) => {
    const { body, ip } = request
    await app.cookies.logout(request, reply, () => app.core.refresh.logout(body.refresh, ip))
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
