import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { RefreshToken, tokenResponse } from '../../src/schemas/tokens.ts'

const schema = {
  operationId: 'refresh',
  summary: 'Exchange a refresh token for a new pair',
  description:
    'Each refresh token is good for one exchange. Sent again within AUTH_REFRESH_GRACE it returns the same successor, so a lost answer or a second tab logs nobody out; later it counts as stolen and ends the session. Without a body the refresh cookie counts, and the new pair goes into cookies.',
  tags: ['session'],
  security: [],
  body: RefreshToken,
  response: {
    200: tokenResponse('The new pair'),
    ...problems(...bodyProblems(RefreshToken), 'token_not_valid', 'csrf_failed')
  }
}

export default (async app => {
  app.post('/refresh/', { schema, preValidation: app.cookies.standIn }, async (request, reply) => {
    const { body, ip, headers } = request
    return app.cookies.refresh(request, reply, () => app.core.refresh.rotate(body.refresh, ip, headers['user-agent']))
  })
}) satisfies FastifyPluginAsyncTypebox
