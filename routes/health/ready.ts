import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'

const schema = {
  operationId: 'ready',
  summary: 'Whether the store answers',
  description: 'For a readiness probe: send no requests while this fails.',
  tags: ['operations'],
  security: [],
  response: {
    200: success(Type.Object({ status: Type.String() }, { examples: [{ status: 'ok' }] }), 'The store answers'),
    ...problems('unavailable')
  }
}

export default (async app => {
  app.get('/ready', { schema }, async () => {
    await app.core.ping()
    return { status: 'ok' }
  })
}) satisfies FastifyPluginAsyncTypebox
