import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { page as hidden, proofForm } from '../../src/schemas/pages.ts'

const page = 'accept-invite'
const action = 'confirm'
const schema = proofForm({ username: Type.String(), password: Type.String() })
const config = { page, action } as const

export default (async app => {
  const { send, profileOf } = app.pages
  app.get('/accept-invite', { schema: hidden, config: { page } }, (request, reply) => send(page, request, reply, {}))
  app.post('/accept-invite', { schema, config, onRequest: app.limits.link }, async (request, reply) => {
    const { body, origin } = request
    const { email, code, username, password } = body
    const account = { username, password, profile: profileOf(body) }
    await app.mailLimits.codes(request, () => app.core.invitations.accept({ email, code }, account, origin))
    return send(page, request, reply.code(201), { action })
  })
}) satisfies FastifyPluginAsyncTypebox
