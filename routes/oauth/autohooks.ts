import type { FastifyPluginAsync, FastifyRequest } from 'fastify'

/** Everything in this folder is for registered clients, who send forms and read the errors of OAuth. */
export default (async app => {
  const { parseForm, sendError, requireClient } = app.oauth
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => parseForm(body)
  )
  app.setErrorHandler(sendError)
  // For caches of HTTP/1.0 (RFC 6749 section 5.1).
  app.addHook('onRequest', async (_request, reply) => void reply.header('pragma', 'no-cache'))
  app.addHook('preValidation', requireClient)
}) satisfies FastifyPluginAsync
