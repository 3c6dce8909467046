import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { RefreshToken } from '../../src/schemas/tokens.ts'

const schema = {
  operationId: 'logout',
  summary: 'Log out',
  description:
    'Ends the session: its refresh token and all its access tokens are refused from now on, also after a restart. Needs no access token.',
  tags: ['session'],
  security: [],
  body: RefreshToken,
  response: {
    204: Type.Null({ description: 'Logged out' }),
    ...problems(...bodyProblems(RefreshToken), 'token_not_valid')
  }
}

export default (async app => {
  app.post('/logout/', { schema }, async ({ body, ip }, reply) => {
    await app.core.refresh.logout(body.refresh, ip)
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
