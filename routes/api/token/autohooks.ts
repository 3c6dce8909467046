import type { FastifyPluginAsync, FastifyRequest } from 'fastify'

/** Everything in this folder is for clients of Django SimpleJWT, and speaks as Django REST framework does. */
export default (async app => {
  const { readBody, compileFields, sendError, answerOtherMethods } = app.simplejwt
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    readBody(request.headers['content-type'], body)
  )
  app.setValidatorCompiler(compileFields)
  app.setErrorHandler(sendError)
  app.addHook('onRequest', async (_request, reply) => {
    // Where other origins are let in, the answer varies with them too.
    const varies = reply.getHeader('vary')
    reply.headers({ allow: 'POST, OPTIONS', vary: varies ? `${varies}, Accept` : 'Accept' })
  })
  app.addHook('preValidation', async request => {
    if (request.body === undefined) request.body = {}
  })
  // Fastify names a charset, which JSON does not have (RFC 8259 section 11).
  app.addHook('onSend', async (_request, reply) => {
    if (`${reply.getHeader('content-type')}`.startsWith('application/json')) reply.type('application/json')
  })
  answerOtherMethods(app)
}) satisfies FastifyPluginAsync
