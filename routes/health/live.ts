import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { success } from '../../src/schemas/success.ts'

const schema = {
  operationId: 'live',
  summary: 'Whether the process answers',
  description: 'For a liveness probe: restart the process when this fails.',
  tags: ['operations'],
  security: [],
  response: {
    200: success(Type.Object({ status: Type.String() }, { examples: [{ status: 'ok' }] }), 'The process answers')
  }
}

export default (async app => {
  app.get('/live', { schema }, async () => ({ status: 'ok' }))
}) satisfies FastifyPluginAsyncTypebox
