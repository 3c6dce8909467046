import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { addressForm, page as hidden, proofForm } from '../../src/schemas/pages.ts'

const page = 'reset-password'
const schema = proofForm({ new_password: Type.String() })
const done = (action: 'confirm' | 'request') => ({ config: { page, action } }) as const

export default (async app => {
  const { send } = app.pages
  for (const path of ['/reset-password', '/reset-password/request'])
    app.get(path, { schema: hidden, config: { page } }, (request, reply) => send(page, request, reply, {}))

  app.post('/reset-password', { schema, onRequest: app.limits.link, ...done('confirm') }, async (request, reply) => {
    const { body, origin } = request
    const { email, code, new_password: newPassword } = body
    await app.mailLimits.codes(request, () => app.core.passwordReset.confirm({ email, code }, newPassword, origin))
    return send(page, request, reply, { action: 'confirm' })
  })
  const preHandler = app.mailLimits.requests
  app.post(
    '/reset-password/request',
    { schema: addressForm, onRequest: app.limits.mail, preHandler, ...done('request') },
    async (request, reply) => {
      const { body, origin } = request
      await app.core.passwordReset.request(body.email, origin)
      return send(page, request, reply.code(202), { action: 'request' })
    }
  )
}) satisfies FastifyPluginAsyncTypebox
