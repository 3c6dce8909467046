import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { Transport, tokenResponse } from '../../src/schemas/tokens.ts'

const body = Type.Object(
  {
    username: Type.String({ description: 'Username or e-mail address' }),
    password: Type.String({ format: 'password' })
  },
  {
    title: 'Credentials',
    additionalProperties: false,
    examples: [{ username: 'ada', password: 'correct horse battery' }]
  }
)

const schema = {
  operationId: 'login',
  summary: 'Log in',
  description:
    'Begins a session and gives its first pair of tokens. The answer to a wrong password and to an unknown user is the same and takes the same time. With `?transport=cookie` the tokens go into cookies that no script can read.',
  tags: ['session'],
  security: [],
  querystring: Transport,
  body,
  response: {
    200: tokenResponse('Logged in'),
    ...problems(
      ...bodyProblems(body),
      'no_active_account',
      'email_not_verified',
      'csrf_failed',
      'rate_limited',
      'overloaded'
    )
  }
}

export default (async app => {
  app.post('/login/', { schema, onRequest: app.limits.login }, async (request, reply) => {
    const { body, origin } = request
    return app.cookies.login(request, reply, () => app.core.login.withPassword(body.username, body.password, origin))
  })
}) satisfies FastifyPluginAsyncTypebox
