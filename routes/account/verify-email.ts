import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { addressForm, page as hidden, proofForm } from '../../src/schemas/pages.ts'

const page = 'verify-email'
const schema = proofForm({})
const done = (action: 'confirm' | 'disown' | 'request') => ({ config: { page, action } }) as const

export default (async app => {
  const { send } = app.pages
  for (const path of ['/verify-email', '/verify-email/disown', '/verify-email/request'])
    app.get(path, { schema: hidden, config: { page } }, (request, reply) => send(page, request, reply, {}))

  app.post('/verify-email', { schema, onRequest: app.limits.link, ...done('confirm') }, async (request, reply) => {
    const { email, code } = request.body
    await app.mailLimits.codes(request, () => app.core.emailVerification.confirm({ email, code }, request.ip))
    return send(page, request, reply, { action: 'confirm' })
  })
  app.post(
    '/verify-email/disown',
    { schema, onRequest: app.limits.link, ...done('disown') },
    async (request, reply) => {
      const { email, code } = request.body
      await app.mailLimits.codes(request, () => app.core.emailVerification.disown({ email, code }, request.ip))
      return send(page, request, reply, { action: 'disown' })
    }
  )
  const preHandler = app.mailLimits.requests
  app.post(
    '/verify-email/request',
    { schema: addressForm, onRequest: app.limits.mail, preHandler, ...done('request') },
    async (request, reply) => {
      const { body, origin } = request
      await app.core.emailVerification.resend(body.email, origin)
      return send(page, request, reply.code(202), { action: 'request' })
    }
  )
}) satisfies FastifyPluginAsyncTypebox
