import type { FastifyPluginAsync } from 'fastify'

/** Everything in this folder needs a valid access token. */
export default (async app => {
  app.addHook('onRequest', app.guard.requireUser)
}) satisfies FastifyPluginAsync
