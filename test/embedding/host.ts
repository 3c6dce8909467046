import { json } from 'node:stream/consumers'
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import postern, { type PosternOptions } from '../../src/index.ts'
import { client } from '../helper.ts'

/** Options of an embed with a database of its own, without rate limits and logs. */
export const settings = (t: Test, more: PosternOptions = {}): PosternOptions => ({
  databaseUrl: 'sqlite::memory:',
  dataDir: t.testdir(),
  publicUrl: 'http://app.test/auth',
  authRateLimit: 'off',
  logLevel: 'silent',
  ...more
})

/** A host that is closed when the test ends; `prepare` is what it does beside embedding Postern. */
export async function host(t: Test, options?: PosternOptions, prepare: (app: FastifyInstance) => unknown = () => {}) {
  const app = Fastify()
  t.teardown(() => app.close())
  if (options) await app.register(postern, options)
  await prepare(app)
  await app.ready()
  return app
}

/** The usual client, for a service that stands below a prefix. */
export function below(app: FastifyInstance, prefix = '/auth') {
  const inject = (request: { url: string }) => app.inject({ ...request, url: prefix + request.url })
  const scoped: FastifyInstance = Object.create(app, { inject: { value: inject } })
  return client(scoped)
}

export const bearer = (access: string) => ({ authorization: `Bearer ${access}` })

/** An application with plugins of its own that could clash with ours in every way that we know. */
export async function opinionated(app: FastifyInstance) {
  await app.register(helmet, { frameguard: { action: 'sameorigin' } })
  await app.register(rateLimit, { max: 1000 })
  await app.register(swagger, { openapi: { openapi: '3.0.3', info: { title: 'Host', version: '1' } } })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  await app.register(jwt, { secret: 'the secret of the host itself, not ours' })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/host', async (_request: unknown, payload: NodeJS.ReadableStream) =>
    json(payload)
  )
  app.setValidatorCompiler(() => body => (body === 'never' ? { value: body } : { error: new Error('refused by host') }))
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ host: error.code ?? error.message })
  )
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ host: 'nothing' }))
  app.get('/', async () => ({ hello: 'host' }))
  app.get('/throws', async () => {
    throw new Error('inner')
  })
  app.get('/mine', { onRequest: request => request.jwtVerify() }, async request => request.user)
  app.post('/parsed', async request => request.body)
  app.post('/validated', { schema: { body: {} } }, async () => 'never')
}
