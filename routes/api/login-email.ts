import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AddressBody, Asked, proofBody, proofProblems } from '../../src/schemas/mailed.ts'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'
import { Transport, tokenResponse } from '../../src/schemas/tokens.ts'

const body = proofBody('MailedLogin', {}, {})

const ask = {
  operationId: 'requestMailedLogin',
  summary: 'Ask for a mail to log in with',
  description:
    'It holds a link and a code of six digits. The answer is the same, after the same time, whether or not there is such an account. Links and codes that were mailed before are void.',
  tags: ['session'],
  security: [],
  body: AddressBody,
  response: { 202: success(Asked, 'Asked for'), ...problems(...bodyProblems(AddressBody), 'rate_limited') }
}

const confirm = {
  operationId: 'loginByMail',
  summary: 'Log in with a mailed link or code',
  description:
    'Good for one use within 10 minutes; a code has five tries. An address that was not confirmed before is now, and a password that somebody had set before that is removed, with the sessions it opened. With `?transport=cookie` the tokens go into cookies that no script can read.',
  tags: ['session'],
  security: [],
  querystring: Transport,
  body,
  response: {
    200: tokenResponse('Logged in'),
    ...problems(...proofProblems, 'csrf_failed')
  }
}

export default (async app => {
  const preHandler = app.mailLimits.requests
  app.post(
    '/login/email/',
    { schema: ask, onRequest: app.limits.mail, preHandler },
    async ({ body, origin }, reply) => {
      await app.core.mailedLogin.request(body.email, origin)
      return reply.code(202).send({ detail: 'If there is an account with this address, a mail is on its way.' })
    }
  )
  app.post('/login/email/confirm/', { schema: confirm, onRequest: app.limits.link }, async (request, reply) => {
    const { body, origin } = request
    const issue = () => app.mailLimits.codes(request, () => app.core.mailedLogin.confirm(body, origin))
    return app.cookies.login(request, reply, issue)
  })
}) satisfies FastifyPluginAsyncTypebox
