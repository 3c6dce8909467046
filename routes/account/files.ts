import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const schema = { hide: true, params: Type.Object({ name: Type.String() }) }

export default (async app => {
  app.get('/files/:name', { schema }, async (request, reply) => {
    const { type, body } = app.pages.asset(request.params.name)
    return reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(body)
  })
}) satisfies FastifyPluginAsyncTypebox
