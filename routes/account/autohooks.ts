import type { FastifyPluginAsync, FastifyRequest } from 'fastify'

/** Everything in this folder is a page for people: forms come in, HTML goes out. */
export default (async app => {
  const { readForm, ownSiteOnly, sendError } = app.pages
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => readForm(body)
  )
  app.setErrorHandler(sendError)
  app.addHook('onRequest', ownSiteOnly)
}) satisfies FastifyPluginAsync
