import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Asked } from '../../../src/schemas/mailed.ts'
import { bodyProblems, problem, problems } from '../../../src/schemas/problem.ts'
import { success } from '../../../src/schemas/success.ts'

const body = Type.Object(
  {
    password: Type.Optional(Type.String({ format: 'password' })),
    new_email: Type.String({ description: 'E-mail address' })
  },
  {
    title: 'EmailChange',
    additionalProperties: false,
    examples: [{ password: 'correct horse battery', new_email: 'ada@example.org' }]
  }
)

const schema = {
  operationId: 'changeEmail',
  summary: 'Ask for another e-mail address',
  description:
    'The new address gets a mail with a link that confirms it, the present one a notice; until then nothing changes. The password is needed; an account without one needs a login of the last five minutes instead. The answer is the same when the address belongs to somebody else.',
  tags: ['account'],
  body,
  response: {
    202: success(Asked, 'Asked for'),
    ...problems(
      ...bodyProblems(body),
      problem('wrong_password', { errors: { password: ['The password is wrong.'] } }),
      'not_authenticated',
      'token_not_valid',
      'csrf_failed',
      'step_up_required',
      'rate_limited',
      'overloaded'
    )
  }
}

export default (async app => {
  app.post('/change-email/', { schema, onRequest: app.limits.password }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    const { password, new_email: newEmail } = request.body
    await app.core.emailChange.request({ ...request.origin, userId, sessionId, password, newEmail })
    return reply.code(202).send({ detail: 'If the address is not taken, a mail with a link is on its way to it.' })
  })
}) satisfies FastifyPluginAsyncTypebox
