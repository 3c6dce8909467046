import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { AddressBody, Asked, proofBody } from '../../src/schemas/mailed.ts'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'

const body = proofBody(
  'PasswordReset',
  { new_password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' }) },
  { new_password: 'a longer one this time' }
)

const ask = {
  operationId: 'requestPasswordReset',
  summary: 'Ask for a mail to set a new password with',
  description:
    'The answer is the same, after the same time, whether or not there is such an account. Links that were mailed before are void.',
  tags: ['account'],
  security: [],
  body: AddressBody,
  response: { 202: success(Asked, 'Asked for'), ...problems(...bodyProblems(AddressBody), 'rate_limited') }
}

const confirm = {
  operationId: 'resetPassword',
  summary: 'Set a new password with a mailed link',
  description:
    'Ends every session of the user and voids every other mailed link; the address is proven. The token is good for one use within 30 minutes, and a password that is refused does not use it up.',
  tags: ['account'],
  security: [],
  body,
  response: {
    204: Type.Null({ description: 'The password is set' }),
    ...problems(...bodyProblems(body), 'invalid_link', 'rate_limited', 'overloaded')
  }
}

export default (async app => {
  const preHandler = app.mailLimits.requests
  app.post(
    '/password-reset/',
    { schema: ask, onRequest: app.limits.mail, preHandler },
    async ({ body, origin }, reply) => {
      await app.core.passwordReset.request(body.email, origin)
      return reply.code(202).send({ detail: 'If there is an account with this address, a mail is on its way.' })
    }
  )
  app.post('/password-reset/confirm/', { schema: confirm, onRequest: app.limits.link }, async (request, reply) => {
    const { body, origin } = request
    const { new_password: newPassword, ...proof } = body
    await app.mailLimits.codes(request, () => app.core.passwordReset.confirm(proof, newPassword, origin))
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
