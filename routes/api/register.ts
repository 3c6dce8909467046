import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problem, problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'
import { User } from '../../src/schemas/user.ts'

const body = Type.Object(
  {
    username: Type.String({ description: '1 to 150 letters, digits and . _ + -' }),
    email: Type.String({ description: 'E-mail address' }),
    password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' })
  },
  {
    title: 'Registration',
    additionalProperties: false,
    examples: [{ username: 'ada', email: 'ada@example.com', password: 'correct horse battery' }]
  }
)

const schema = {
  operationId: 'register',
  summary: 'Create an account',
  description:
    'Username and e-mail address are unique without regard to case and Unicode form. A password needs length, must not be a common one and must not be your own name.',
  tags: ['account'],
  security: [],
  body,
  response: {
    201: success(User, 'The account was created'),
    ...problems(
      ...bodyProblems(body),
      problem('permission_denied', { detail: 'Registration is closed.' }),
      'rate_limited',
      'overloaded'
    )
  }
}

const config = { rateLimit: { max: 10, timeWindow: '1 minute' } }

export default (async app => {
  app.post('/register/', { schema, config }, async (request, reply) => {
    const user = await app.core.registration.register(request.body, request.ip)
    return reply.code(201).send(app.core.users.describe(user))
  })
}) satisfies FastifyPluginAsyncTypebox
