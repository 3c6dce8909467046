import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { AddressBody, Asked, proofBody, proofProblems } from '../../src/schemas/mailed.ts'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import type { ProfileFields } from '../../src/schemas/profile.ts'
import { success } from '../../src/schemas/success.ts'
import { userWith } from '../../src/schemas/user.ts'

const body = proofBody('EmailVerification', {}, {})

const confirm = (profile: ProfileFields) => ({
  operationId: 'verifyEmail',
  summary: 'Confirm an e-mail address',
  description: 'The address is proven from now on. The token is good for one use within 24 hours.',
  tags: ['account'],
  security: [],
  body,
  response: { 200: success(userWith(profile), 'The address is confirmed'), ...problems(...proofProblems) }
})

const disown = {
  operationId: 'disownEmail',
  summary: 'Say that an account is not yours',
  description:
    'For whoever gets a mail about an account that they did not make: the address is taken off it, and its sessions end.',
  tags: ['account'],
  security: [],
  body,
  response: { 204: Type.Null({ description: 'The address is free again' }), ...problems(...proofProblems) }
}

const resend = {
  operationId: 'resendVerification',
  summary: 'Send the mail that confirms an address again',
  description:
    'The answer is the same whether or not there is such an account, and whether or not its address needs to be confirmed. Links that were mailed before are void.',
  tags: ['account'],
  security: [],
  body: AddressBody,
  response: { 202: success(Asked, 'Asked for'), ...problems(...bodyProblems(AddressBody), 'rate_limited') }
}

const asked = { detail: 'If there is an account with this address that needs it, a mail is on its way.' }

export default (async app => {
  app.post('/verify-email/', { schema: confirm(app.core.profiles), onRequest: app.limits.link }, async request => {
    const { body, ip } = request
    const user = await app.mailLimits.codes(request, () => app.core.emailVerification.confirm(body, ip))
    return app.core.users.describe(user)
  })
  app.post('/verify-email/disown/', { schema: disown, onRequest: app.limits.link }, async (request, reply) => {
    const { body, ip } = request
    await app.mailLimits.codes(request, () => app.core.emailVerification.disown(body, ip))
    return reply.code(204).send(null)
  })
  const preHandler = app.mailLimits.requests
  app.post(
    '/verify-email/resend/',
    { schema: resend, onRequest: app.limits.mail, preHandler },
    async ({ body, origin }, reply) => {
      await app.core.emailVerification.resend(body.email, origin)
      return reply.code(202).send(asked)
    }
  )
}) satisfies FastifyPluginAsyncTypebox
