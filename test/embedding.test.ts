import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import t from 'tap'
import postern, { PosternError, type PosternOptions } from '../src/index.ts'
import { buildServer } from '../src/server.ts'
import { bearer, below, host, opinionated, settings } from './embedding/host.ts'

const pick = ({ statusCode, headers, body }: Awaited<ReturnType<FastifyInstance['inject']>>) => {
  const { date, 'x-ratelimit-reset': _reset, ...rest } = headers
  return { statusCode, headers: rest, body }
}

t.test('a host answers exactly as it does without Postern', async t => {
  const alone = await host(t, undefined, opinionated)
  const embedding = await host(t, undefined, async app => {
    await opinionated(app)
    await app.register(postern, settings(t))
  })
  const token = alone.jwt.sign({ sub: 'host' }, { iat: 1 } as object)
  const requests = [
    { url: '/' },
    { url: '/', method: 'HEAD' },
    { url: '/', method: 'OPTIONS' },
    { url: '/none' },
    { url: '/authentic' },
    { url: '/throws' },
    { url: '/throws/' },
    { url: '/%zz' },
    { url: '/mine' },
    { url: '/mine', headers: bearer('x.y.z') },
    { url: '/mine', headers: bearer(token) },
    { url: '/parsed', method: 'POST', payload: '{"a":1}', headers: { 'content-type': 'application/host' } },
    { url: '/parsed', method: 'POST', payload: '{"a":1}', headers: { 'content-type': 'application/json' } },
    { url: '/validated', method: 'POST', payload: '{}', headers: { 'content-type': 'application/host' } },
    { url: '/docs' },
    { url: '/docs/json' }
  ] as const
  for (const request of requests) {
    const [expected, actual] = [await alone.inject(request), await embedding.inject(request)]
    t.strictSame(pick(actual), pick(expected), `${'method' in request ? request.method : 'GET'} ${request.url}`)
  }
})

t.test('a host gains the decorator auth and no other trace', async t => {
  const names = (object: object): Array<string | symbol> => {
    const parent = Object.getPrototypeOf(object)
    return [...Reflect.ownKeys(object), ...(parent === null ? [] : names(parent))]
  }
  const seen = async (options?: PosternOptions) => {
    let traces: unknown
    const app = await host(t, options, app => {
      app.get('/', async (request, reply) => {
        traces = [names(request), names(reply), app.getSchemas(), app.errorHandler.toString(), app.validatorCompiler]
      })
    })
    await app.inject('/')
    return { app: Reflect.ownKeys(app), traces }
  }
  const [without, with_] = [await seen(), await seen(settings(t))]
  t.strictSame(with_.traces, without.traces)
  t.strictSame(
    with_.app.filter(name => !without.app.includes(name)),
    ['auth']
  )
})

t.test('every endpoint works below the prefix of a host that is full of plugins', async t => {
  const app = await host(t, settings(t, { prefix: '/auth' }), opinionated)
  const { post, send, get, ...api } = below(app)
  for (const slash of ['', '/']) {
    const user = { username: `ada${slash.length}`, email: `ada${slash.length}@example.com`, password: 'correct horse' }
    t.equal((await post(`/api/register${slash}`, user)).statusCode, 201)
    const { email: _, ...credentials } = user
    const { refresh: first } = (await post(`/api/login${slash}`, credentials)).json()
    const { access, refresh } = (await post(`/api/refresh${slash}`, { refresh: first })).json()
    t.equal((await get(`/api/protected${slash}`, access)).json().user.username, user.username)
    t.same((await post(`/api/verify${slash}`, { token: access })).json(), {})
    const change = { old_password: 'correct horse', new_password: 'battery staple' }
    t.equal((await post(`/api/change-password${slash}`, change, access)).statusCode, 200)
    t.equal((await post(`/api/logout${slash}`, { refresh })).statusCode, 204)
    for (const path of ['/health/live', '/health/ready', '/docs', '/docs/json', '/.well-known/jwks.json'])
      t.equal((await get(path + slash)).statusCode, 200, path + slash)
    t.equal((await get(slash)).json().code, 'not_found')
  }
  const documented = Object.keys((await get('/docs/json')).json().paths)
  t.ok(documented.includes('/auth/api/login/') || documented.includes('/auth/api/login'))
  t.match((await send({ method: 'HEAD', url: '/health/live' })).headers, { 'content-length': '15' })
  t.equal((await send({ method: 'OPTIONS', url: '/health/live' })).json().code, 'not_found')
  t.equal((await api.protected()).json().code, 'not_authenticated')
})

t.test('errors of Postern are its own, whatever the host does with errors, bodies and limits', async t => {
  const app = Fastify({ bodyLimit: 10 })
  t.teardown(() => app.close())
  await app.register(postern, settings(t))
  await opinionated(app)
  const { post, register, send } = below(app)
  t.equal((await register()).statusCode, 201)
  t.match((await post('/api/login/', { user: 'ada' })).json(), { code: 'validation_failed', errors: { user: [] } })
  t.equal((await post('/api/login/', { username: 'x'.repeat(65_536), password: '' })).json().code, 'payload_too_large')
  const foreign = { method: 'POST', url: '/api/login/', payload: '{}', headers: { 'content-type': 'application/host' } }
  t.equal((await send(foreign as Parameters<typeof send>[0])).json().code, 'unsupported_media_type')
  const { headers } = await send({ url: '/none' })
  t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
  t.equal(headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'")
})

t.test(
  'routes of the host below the prefix go first, and its rate limit does not count what Postern answers',
  async t => {
    const app = await host(t, undefined, async app => {
      await app.register(rateLimit, { max: 1 })
      await app.register(postern, settings(t))
      app.get('/auth/callback', async () => 'of the host')
    })
    const { get } = below(app)
    for (const path of ['/health/live', '/health/live', '/callback']) t.equal((await get(path)).statusCode, 200, path)
    t.equal((await get('/callback')).statusCode, 429)
  }
)

t.test('guards let the right callers in, and their refusals go to the error handler of the host', async t => {
  const files = settings(t, { databaseUrl: `sqlite:${t.testdir()}/auth.db`, dataDir: undefined })
  const keeper = buildServer(files)
  t.teardown(() => keeper.close())
  await keeper.ready()
  await keeper.core.registration.create({ username: 'root', email: null, password: 'correct horse', roles: ['admin'] })
  const app = await host(t, files, async app => {
    app.setErrorHandler((error: FastifyError, _request, reply) =>
      reply.code(error.statusCode ?? 500).send({ host: error.code, ours: error instanceof PosternError })
    )
    app.get('/me', { onRequest: app.auth.requireUser }, async request => app.auth.claims(request).username)
    app.get('/admin', { preHandler: app.auth.requireRole('admin') }, async request => app.auth.claims(request).roles)
    app.get('/unguarded', async request => app.auth.claims(request))
  })
  const { register, login, logout } = below(app)
  await register()
  const [ada, root] = [await login(), await login('root')]
  const ask = async (url: string, headers = {}) => {
    const { statusCode, headers: got, body } = await app.inject({ url, headers })
    return [statusCode, got['www-authenticate'], body]
  }
  const refusal = (code: string) => JSON.stringify({ host: code, ours: true })

  t.same(await ask('/me'), [401, 'Bearer', refusal('not_authenticated')])
  const invalid = [401, 'Bearer error="invalid_token"', refusal('token_not_valid')]
  t.same(await ask('/me', bearer(ada.refresh)), invalid)
  t.same(await ask('/me', bearer(ada.access)), [200, undefined, 'ada'])
  t.same(await ask('/admin', bearer(ada.access)), [403, undefined, refusal('permission_denied')])
  t.same(await ask('/admin'), [401, 'Bearer', refusal('not_authenticated')])
  t.same(await ask('/admin', bearer(root.access)), [200, undefined, '["admin"]'])
  t.same((await ask('/unguarded', bearer(ada.access)))[0], 500)

  t.equal((await app.auth.verify(ada.access)).username, 'ada')
  await logout(ada.refresh)
  await t.rejects(app.auth.verify(ada.access), { code: 'token_not_valid', statusCode: 401 })
  t.same(await ask('/me', bearer(ada.access)), invalid)
})

t.test('two embeds have nothing in common, in one host or in two', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  for (const name of ['staff', 'shop'])
    app.register(async scope => {
      await scope.register(postern, settings(t, { prefix: `/${name}`, authSecret: name.repeat(9) }))
      scope.get(`/${name}-only`, { onRequest: scope.auth.requireUser }, async () => name)
    })
  await app.ready()
  t.notOk('auth' in app)
  const other = await host(t, settings(t, { prefix: '/staff', authSecret: 'staff'.repeat(9) }))
  const [staff, shop, elsewhere] = [below(app, '/staff'), below(app, '/shop'), below(other, '/staff')]
  await staff.register()
  t.equal((await shop.post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 401)
  await shop.register()
  const { access, refresh } = await staff.login()
  t.equal((await staff.protected(access)).statusCode, 200)
  t.equal((await app.inject({ url: '/staff-only', headers: bearer(access) })).body, 'staff')
  t.equal((await app.inject({ url: '/shop-only', headers: bearer(access) })).statusCode, 401)
  for (const { protected: open, refresh: rotate } of [shop, elsewhere]) {
    t.equal((await open(access)).json().code, 'token_not_valid')
    t.equal((await rotate(refresh)).json().code, 'token_not_valid')
  }
})
