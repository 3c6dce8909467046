import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'

const schema = {
  summary: 'Check a token of either kind',
  description: 'Answers whether an access token or a refresh token would be accepted now. Changes nothing.',
  tags: ['session'],
  security: [],
  body: Type.Object(
    { token: Type.String({ description: 'An access token or a refresh token' }) },
    { additionalProperties: false, examples: [{ token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...' }] }
  ),
  response: {
    200: Type.Object({}, { description: 'The token is valid', examples: [{}] }),
    ...problems(...bodyProblems, 'tokenNotValid')
  }
}

export default (async app => {
  app.post('/verify/', { schema }, async ({ body }) => {
    await app.core.tokenCheck(body.token)
    return {}
  })
}) satisfies FastifyPluginAsyncTypebox
