import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problem, problems } from '../../../src/schemas/problem.ts'
import { success } from '../../../src/schemas/success.ts'

const body = Type.Object(
  {
    old_password: Type.String({ format: 'password' }),
    new_password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' })
  },
  {
    title: 'PasswordChange',
    additionalProperties: false,
    examples: [{ old_password: 'correct horse battery', new_password: 'a longer one this time' }]
  }
)

const schema = {
  operationId: 'changePassword',
  summary: 'Change your password',
  description: 'Every other session of the user ends; this one goes on.',
  tags: ['account'],
  body,
  response: {
    200: success(Type.Object({ detail: Type.String() }, { examples: [{ detail: 'Password changed.' }] }), 'Changed'),
    ...problems(
      ...bodyProblems(body),
      problem('wrong_password', { errors: { old_password: ['The password is wrong.'] } }),
      'not_authenticated',
      'token_not_valid',
      'csrf_failed',
      'rate_limited',
      'overloaded'
    )
  }
}

export default (async app => {
  app.post('/change-password/', { schema, onRequest: app.limits.password }, async request => {
    const { sub, sid } = app.guard.claims(request)
    const { old_password: oldPassword, new_password: newPassword } = request.body
    const who = { ...request.origin, userId: sub, sessionId: sid }
    await app.core.passwordChange.change({ ...who, oldPassword, newPassword })
    return { detail: 'Password changed.' }
  })
}) satisfies FastifyPluginAsyncTypebox
