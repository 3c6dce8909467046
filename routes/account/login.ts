import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { addressForm, page as hidden, proofForm } from '../../src/schemas/pages.ts'

const page = 'login'
const done = (action: 'confirm' | 'request') => ({ config: { page, action } }) as const

export default (async app => {
  const { send } = app.pages
  for (const path of ['/login', '/login/request'])
    app.get(path, { schema: hidden, config: { page } }, (request, reply) => send(page, request, reply, {}))

  if (app.cookies.areUsable)
    app.post(
      '/login',
      { schema: proofForm({}), onRequest: app.limits.link, ...done('confirm') },
      async (request, reply) => {
        const { body, origin } = request
        const proof = { email: body.email, code: body.code }
        const issue = () => app.mailLimits.codes(request, () => app.core.mailedLogin.confirm(proof, origin))
        await app.cookies.enter(request, reply, issue)
        return send(page, request, reply, { action: 'confirm' })
      }
    )

  const preHandler = app.mailLimits.requests
  app.post(
    '/login/request',
    { schema: addressForm, onRequest: app.limits.mail, preHandler, ...done('request') },
    async (request, reply) => {
      const { body, origin } = request
      await app.core.mailedLogin.request(body.email, origin)
      return send(page, request, reply.code(202), { action: 'request' })
    }
  )
}) satisfies FastifyPluginAsyncTypebox
