import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const schema = {
  operationId: 'metrics',
  summary: 'Figures for Prometheus',
  description: 'Only with AUTH_METRICS=on, and then for whoever can reach it: let only the monitoring in.',
  tags: ['operations'],
  security: [],
  response: {
    200: {
      description: 'All figures, in the text format of Prometheus',
      content: { 'text/plain': { schema: Type.String({ description: 'One figure a line' }) } }
    }
  }
}

export default (async app => {
  const { metrics } = app
  if (!metrics) return
  app.get('/metrics', { schema }, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
}) satisfies FastifyPluginAsyncTypebox
