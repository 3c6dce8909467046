import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { RefreshToken, tokenResponse } from '../../src/schemas/tokens.ts'

const schema = {
  operationId: 'refresh',
  summary: 'Exchange a refresh token for a new pair',
  description:
    'Each refresh token is good for one exchange. Sent again within AUTH_REFRESH_GRACE it returns the same successor, so a lost answer or a second tab logs nobody out; later it counts as stolen and ends the session.',
  tags: ['session'],
  security: [],
  body: RefreshToken,
  response: {
    200: tokenResponse('The new pair'),
    ...problems(...bodyProblems(RefreshToken), 'token_not_valid')
  }
}

export default (async app => {
  app.post('/refresh/', { schema }, async ({ body, ip }) => app.core.refresh.rotate(body.refresh, ip))
}) satisfies FastifyPluginAsyncTypebox
