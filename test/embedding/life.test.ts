import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, unlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import postern, { buildServer, StartError } from '../../src/index.ts'
import { below, host, settings } from './host.ts'

t.test('a prefix that is no path below the host is refused', async t => {
  for (const prefix of ['', '/', 'auth', '/auth/', '/a b', '/:id', '/*', 5 as unknown as string])
    await t.rejects(host(t, settings(t, { prefix })), {
      name: 'StartError',
      message: `Postern cannot start: its prefix ${JSON.stringify(prefix)} does not fit; give a path such as /auth`
    })
})

t.test('a host that has something named auth is told what to do', async t => {
  const app = Fastify().decorate('auth')
  t.teardown(() => app.close())
  await t.rejects(async () => app.register(postern, settings(t)), { name: 'StartError', message: /a scope of its own/ })
})

t.test('bad options stop the host with all problems', async t => {
  await t.rejects(host(t, settings(t, { authAccessTtl: 'soon', authPasswordMin: 2 })), {
    name: 'StartError',
    message: /AUTH_ACCESS_TTL.*\n.*AUTH_PASSWORD_MIN/
  })
})

t.test('a store that cannot be opened stops the host with a StartError', async t => {
  const options = settings(t)
  const notes = `${options.dataDir}/notes.txt`
  writeFileSync(notes, 'Buy milk. '.repeat(500))
  await t.rejects(host(t, { ...options, databaseUrl: `sqlite:${notes}` }), {
    name: 'StartError',
    message: /not a SQLite database/
  })
})

t.test('a service that cannot start leaves nothing open, embedded or built', async t => {
  const folder = t.testdir()
  const options = settings(t, { databaseUrl: `sqlite:${folder}/auth.db`, dataDir: folder })
  const { prefix: _, ...same } = options
  await (await buildServer(same)).close()
  unlinkSync(`${folder}/secret`)
  for (const start of [() => buildServer(same), () => host(t, options)]) {
    await t.rejects(
      start(),
      new StartError(
        `The master secret ${folder}/secret is gone, but the database holds keys that it sealed. Restore the file from a backup, or set AUTH_SECRET; nothing was made anew.`
      )
    )
    t.notOk(existsSync(`${folder}/auth.db-wal`))
  }
})

t.test('an old Node.js gets one sentence before anything native is loaded', async t => {
  const script = `
    Object.defineProperty(process.versions, 'node', { value: '20.19.5' })
    process.dlopen = () => { throw new Error('something native was loaded') }
    const { default: postern, buildServer } = await import(${JSON.stringify(import.meta.resolve('../../src/index.ts'))})
    const { default: Fastify } = await import('fastify')
    await Promise.all([Fastify().register(postern), buildServer()].map(async start => {
      await Promise.resolve(start).catch(error => process.stdout.write(error.name + ': ' + error.message + '\\n'))
    }))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname
  })
  t.equal(stdout, 'StartError: Postern needs Node.js 22.18 or newer, and this is 20.19.5.\n'.repeat(2))
})

t.test('hooks of the host run: its headers go along, ours win, its log and onResponse see the answer', async t => {
  const lines: Array<{ msg: string; reqId?: string; res?: { statusCode: number }; path?: string }> = []
  const app = Fastify({ logger: { stream: { write: line => void lines.push(JSON.parse(line)) } } })
  t.teardown(() => app.close())
  const answered: number[] = []
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', 'https://web.test').header('cache-control', 'public')
  })
  app.addHook('onResponse', async (_request, reply) => void answered.push(reply.statusCode))
  await app.register(postern, settings(t, { logLevel: undefined, publicUrl: undefined, port: 3000 }))
  const { headers } = await below(app).get('/api/protected')
  t.match(headers, { 'access-control-allow-origin': 'https://web.test', 'cache-control': 'no-store' })
  t.equal(headers['x-request-id'], 'req-1')
  t.same(answered, [401])
  t.match(lines.find(line => line.msg === 'request completed') ?? {}, { reqId: 'req-1', res: { statusCode: 401 } })
  t.match(lines.find(line => line.msg === 'request') ?? {}, { reqId: 'req-1', path: '/auth/api/protected' })
  t.match(lines[0]?.msg, /publicUrl is not set, so tokens name http:\/\/127\.0\.0\.1:3000\/auth as their issuer/)
})

t.test('a host may stand below prefixes itself, and ignore slashes', async t => {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  t.teardown(() => app.close())
  await app.register(
    async scope => {
      await scope.register(postern, settings(t, { prefix: '/in/auth', publicUrl: undefined }))
    },
    { prefix: '/v1/' }
  )
  const { get, register, login } = below(app, '/v1/in/auth')
  await register()
  t.equal((await get('/docs/')).statusCode, 200)
  t.equal((await get('/')).json().code, 'not_found')
  const { access } = await login()
  const [, claims = ''] = access.split('.')
  t.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).iss, 'http://127.0.0.1:8000/v1/in/auth')
})

t.test('a host on HTTP/2 works too', async t => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(postern, settings(t))
  const session = connectHttp2(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => session.close())
  const stream = session.request({
    ':path': '/auth/api/register',
    ':method': 'POST',
    'content-type': 'application/json'
  })
  stream.end(JSON.stringify({ username: 'ada', email: 'ada@example.com', password: 'correct horse' }))
  const [[headers], body] = await Promise.all([once(stream, 'response'), json(stream)])
  t.match([headers, body], [{ ':status': 201, 'x-content-type-options': 'nosniff' }, { username: 'ada' }])
})

t.test('a client that goes away in the middle harms nobody', async t => {
  const app = await host(t, settings(t))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const head =
    'POST /auth/api/login/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 55\r\n\r\n'
  for (const body of ['', '{"username":', '{"username":"ada","password":"a password that is long"}']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(head + body)
    const [, response] = await once(app.server, 'request')
    socket.destroy()
    await once(response, 'close')
  }
  t.equal((await below(app).get('/health/ready')).statusCode, 200)
})

t.test('closing the host lets requests in flight finish, then its own hooks, then closes the service', async t => {
  const path = `${t.testdir()}/auth.db`
  const order: string[] = []
  const app = await host(t, settings(t, { databaseUrl: `sqlite:${path}` }), app => {
    app.addHook('onResponse', async ({ url }) => void order.push(`${url} answered`))
    app.addHook('onClose', async () => {
      order.push(existsSync(`${path}-wal`) ? 'store open' : 'store closed')
    })
  })
  await below(app).register()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const headers = { 'content-type': 'application/json' }
  const login = request({ port, path: '/auth/api/login/', method: 'POST', headers, agent: false })
  login.end(JSON.stringify({ username: 'ada', password: 'correct horse' }))
  await once(app.server, 'request')
  const [[response]] = await Promise.all([once(login, 'response'), app.close()])
  t.equal(response.statusCode, 200)
  t.same(order, ['/auth/api/register/ answered', '/auth/api/login/ answered', 'store open'])
  t.notOk(existsSync(`${path}-wal`), 'the last connection is closed')
})
