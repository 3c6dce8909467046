import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const schema = {
  summary: 'Whether the process answers',
  description: 'For a liveness probe: restart the process when this fails.',
  tags: ['operations'],
  security: [],
  response: { 200: Type.Object({ status: Type.String({ examples: ['ok'] }) }, { description: 'It does' }) }
}

export default (async app => {
  app.get('/live', { schema }, async () => ({ status: 'ok' }))
}) satisfies FastifyPluginAsyncTypebox
