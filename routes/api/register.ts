import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problem, problems } from '../../src/schemas/problem.ts'
import { givenExamples, givenFields, type ProfileFields } from '../../src/schemas/profile.ts'
import { success } from '../../src/schemas/success.ts'
import { userWith } from '../../src/schemas/user.ts'

const account = {
  username: Type.String({ description: '1 to 150 letters, digits and . _ + -' }),
  email: Type.String({ description: 'E-mail address' }),
  password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' })
}
const example = { username: 'ada', email: 'ada@example.com', password: 'correct horse battery' }

const bodyWith = (profile: ProfileFields) =>
  Type.Object(
    // Ours come last, and their types are the ones that are known here.
    { ...givenFields(profile), ...account } as typeof account,
    { title: 'Registration', additionalProperties: false, examples: givenExamples(profile, example) }
  )

const schemaWith = (profile: ProfileFields, body = bodyWith(profile)) => ({
  operationId: 'register',
  summary: 'Create an account',
  description:
    'Username and e-mail address are unique without regard to case and Unicode form. A password needs length, must not be a common one and must not be your own name.',
  tags: ['account'],
  security: [],
  body,
  response: {
    201: success(userWith(profile), 'The account was created'),
    ...problems(
      ...bodyProblems(body),
      problem('permission_denied', { detail: 'Registration is closed.' }),
      'rate_limited',
      'overloaded'
    )
  }
})

export default (async app => {
  app.post(
    '/register/',
    { schema: schemaWith(app.core.profiles), onRequest: app.limits.register },
    async (request, reply) => {
      const { username, email, password, ...profile } = request.body
      const { origin } = request
      const user = await app.core.registration.register({ username, email, password, profile }, origin)
      return reply.code(201).send(app.core.users.describe(user))
    }
  )
}) satisfies FastifyPluginAsyncTypebox
