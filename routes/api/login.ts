import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { tokenResponse } from '../../src/schemas/tokens.ts'

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
    'Begins a session and gives its first pair of tokens. The answer to a wrong password and to an unknown user is the same and takes the same time.',
  tags: ['session'],
  security: [],
  body,
  response: {
    200: tokenResponse('Logged in'),
    ...problems(...bodyProblems(body), 'no_active_account', 'rate_limited', 'overloaded')
  }
}

const config = { rateLimit: { max: 30, timeWindow: '1 minute' } }

export default (async app => {
  app.post('/login/', { schema, config }, async ({ body, ip, headers }) =>
    app.core.login.withPassword(body.username, body.password, { ip, userAgent: headers['user-agent'] })
  )
}) satisfies FastifyPluginAsyncTypebox
