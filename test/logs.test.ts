import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Options } from '../src/config.ts'
import { build, client } from './helper.ts'
import { exchange, listen } from './routes/socket.ts'

interface Line {
  level: number
  reqId: string
  method: string
  path: string
  status: number
  ip: string
  ms: number
  msg: string
}

/** The service with a log that can be read back, at the level of everything. */
async function logged(t: Test, options: Options = {}, level = 'trace') {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    }
  })
  const app = await build(t, options, { logger: pino({ level }, stream) })
  const lines = (): Line[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  return { app, text: () => text, lines, requests: () => lines().filter(({ msg }) => msg === 'request') }
}

t.test('a walk with all its failures leaves no password, token or secret in the log', async t => {
  const dataDir = t.testdir()
  const { app, text, lines } = await logged(t, {
    databaseUrl: `sqlite:${join(dataDir, 'a.db')}`,
    dataDir,
    authRateLimit: 'on'
  })
  const { register, post, protected: see, refresh, logout, send, changePassword } = client(app)
  const secrets = ['s3cret-of-ada', 's3cret-wrong', 's3cret-next', 's3cret-query', 's3cret-weak s3cret-of-ada']
  const json = { 'content-type': 'application/json' }

  await register('ada', 's3cret-of-ada')
  await register('ada', 's3cret-of-ada')
  const first = (await post('/api/login/', { username: 'ada', password: 's3cret-of-ada' })).json()
  await post('/api/login/', { username: 's3cret-wrong', password: 's3cret-wrong' })
  await send({ method: 'POST', url: '/api/login/', headers: json, payload: '{"password":"s3cret-wrong"' })
  await send({
    method: 'POST',
    url: '/api/login/',
    headers: json,
    payload: '{"password":["s3cret-wrong"],"s3cret-wrong":1}'
  })
  await send({ method: 'POST', url: '/api/login/?password=s3cret-query', headers: json, payload: '"s3cret-wrong"' })
  await send({ method: 'POST', url: '/api/login/', headers: { 'content-type': 'text/plain' }, payload: 's3cret-wrong' })
  await send({
    url: `/api/protected/?token=${first.access}#s3cret-query`,
    headers: { cookie: `access=${first.access}` }
  })
  await see(first.access)
  await see(first.refresh)
  const second = (await refresh(first.refresh)).json()
  await refresh(`${second.refresh}x`)
  await changePassword(second.access, 's3cret-wrong', 's3cret-next')
  await changePassword(second.access, 's3cret-of-ada', 's3cret-n')
  await changePassword(second.access, 's3cret-of-ada', 's3cret-next')
  await post('/api/verify/', { token: second.access })
  await logout(second.refresh)
  await logout(second.refresh)
  for (let at = 0; at < 10; at++) await register('eve', 's3cret-weak')
  new Sqlite(join(dataDir, 'a.db')).exec('DROP TABLE audit_events').close()
  t.equal((await post('/api/login/', { username: 'ada', password: 's3cret-next' })).statusCode, 500)
  await app.database.close()
  t.equal((await post('/api/login/', { username: 'ada', password: 's3cret-next' })).statusCode, 503)

  const tokens = [first, second].flatMap(({ access, refresh }) => [access, refresh])
  const master = readFileSync(join(dataDir, 'secret'), 'utf8').trim()
  for (const secret of [...secrets, ...tokens.map(token => token.split('.')[2]), master, '$argon2', 'PRIVATE KEY'])
    t.notOk(text().includes(secret), secret.slice(0, 6))
  t.notMatch(text(), /eyJ[\w-]+\.|s3cret/)
  t.ok(
    lines().some(({ level }) => level === 50),
    'though the failures of the store are there'
  )
})

t.test('each request leaves one line, under the id that its answer names', async t => {
  const { app, requests } = await logged(t)
  const { register, get, send, protected: see } = client(app)
  const answers = [await register(), await see('x'), await get('/nope?x=1'), await get('/health/live')]
  answers.push(await send({ url: '/nope', headers: { 'x-request-id': 'id-of-the-proxy' } }))
  answers.push(await send({ url: '/nope', headers: { 'x-request-id': 'forged"}\n{"level":60' } }))
  t.same(
    requests().map(({ reqId, method, path, status }) => [reqId, method, path, status]),
    answers.map(({ headers, statusCode, raw }) => [
      headers['x-request-id'],
      raw.req.method,
      raw.req.url?.split('?')[0],
      statusCode
    ])
  )
  t.equal(new Set(requests().map(({ reqId }) => reqId)).size, answers.length)
  t.ok(requests().some(({ reqId }) => reqId === 'id-of-the-proxy'))
  for (const { ip, ms, level, path } of requests()) {
    t.equal(ip, '127.0.0.1')
    t.type(ms, 'number')
    t.equal(level, path === '/health/live' ? 20 : 30, 'probes are of no interest')
  }
})

t.test('nothing of a query is logged', async t => {
  const { app, text } = await logged(t)
  for (const url of [
    '/api/protected/?s3cret',
    '/nope?a=1&token=s3cret',
    '/?s3cret#x',
    '/nope??s3cret',
    '/docs/json?s3cret=1'
  ])
    await app.inject({ url })
  t.notMatch(text(), 's3cret')
})

t.test('nothing of a path is logged that is as long as a token', async t => {
  const { app, text, requests } = await logged(t)
  const token = 'A'.repeat(43)
  const id = '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10'
  for (const url of [
    `/account/login/${token}`,
    `/x/${token}.e30.${token}/y`,
    `/${token.replace('A', '%41')}`,
    `/a/${id}`
  ])
    await app.inject({ url })
  t.notMatch(text(), 'AAAA')
  t.same(
    requests().map(({ path }) => path),
    ['/account/login/***', '/x/***/y', '/***', `/a/${id}`]
  )
})

t.test('nobody writes lines of their own into the log', async t => {
  const { app, lines, requests } = await logged(t)
  const port = await listen(app)
  const before = lines().length
  const evil = '/%0a{"level":60,"msg":"forged"}%0d\x1b[2J'
  await exchange(
    port,
    `GET ${evil.replace('\x1b', '%1b')} HTTP/1.1\r\nHost: a\r\nUser-Agent: \t"}{"level":60}\r\nConnection: close\r\n\r\n`
  )
  t.equal(lines().length, before + 1)
  t.notOk(lines().some(({ msg }) => msg === 'forged'))
  t.equal(requests().at(-1)?.status, 404)
})

t.test('the address in the log is the one of the client behind a trusted proxy only', async t => {
  const { app, requests } = await logged(t, { authTrustProxy: ['10.0.0.0/8'] })
  const via = (remoteAddress: string, forwarded: string) =>
    app.inject({ url: '/nope', remoteAddress, headers: { 'x-forwarded-for': forwarded } })
  await via('10.0.0.1', '192.0.2.7')
  await via('10.0.0.1', '6.6.6.6, 192.0.2.7')
  await via('192.0.2.9', '6.6.6.6')
  t.same(
    requests().map(({ ip }) => ip),
    ['192.0.2.7', '192.0.2.7', '192.0.2.9']
  )
})

t.test('a service that may be attacked at full speed says so at its start', async t => {
  const { lines } = await logged(t, { authRateLimit: 'off' })
  t.match(
    lines().filter(({ level }) => level === 40),
    [{ msg: /AUTH_RATE_LIMIT is off/ }]
  )
  const quiet = await logged(t, { authRateLimit: 'on' })
  t.same(
    quiet.lines().filter(({ level }) => level >= 40),
    []
  )
})
