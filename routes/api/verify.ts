import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'

const body = Type.Object(
  { token: Type.String({ description: 'An access token or a refresh token' }) },
  {
    title: 'Token',
    additionalProperties: false,
    examples: [{ token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...' }]
  }
)

const schema = {
  operationId: 'verify',
  summary: 'Check a token of either kind',
  description: 'Answers whether an access token or a refresh token would be accepted now. Changes nothing.',
  tags: ['session'],
  security: [],
  body,
  response: {
    200: success(Type.Object({}, { examples: [{}] }), 'The token is valid'),
    ...problems(...bodyProblems(body), 'token_not_valid')
  }
}

export default (async app => {
  app.post('/verify/', { schema }, async ({ body }) => {
    await app.core.tokenCheck(body.token)
    return {}
  })
}) satisfies FastifyPluginAsyncTypebox
