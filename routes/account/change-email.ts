import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { page as hidden, proofForm } from '../../src/schemas/pages.ts'

const page = 'change-email'
const action = 'confirm'
const schema = proofForm({})
const config = { page, action } as const

export default (async app => {
  const { send } = app.pages
  app.get('/change-email', { schema: hidden, config: { page } }, (request, reply) => send(page, request, reply, {}))
  app.post('/change-email', { schema, config, onRequest: app.limits.link }, async (request, reply) => {
    const { body, origin } = request
    const { email, code } = body
    await app.mailLimits.codes(request, () => app.core.emailChange.confirm({ email, code }, origin))
    return send(page, request, reply, { action })
  })
}) satisfies FastifyPluginAsyncTypebox
