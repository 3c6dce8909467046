import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { build, client, testClock } from './helper.ts'
import { refused } from './routes/answers.ts'
import { listen } from './routes/socket.ts'

const headers = { 'content-type': 'application/json' }
const clock = testClock()
let app: FastifyInstance

t.before(async () => {
  app = await build(t, { authRateLimit: 'on' }, { now: clock.now })
  await client(app).register()
})

/** Sends a login that does not fit, so that no hash is computed: it counts like any other. */
const knock = (request: InjectOptions, server = app) => {
  const login = { method: 'POST', url: '/api/login/', payload: '{}' } as const
  return server.inject({ ...login, ...request, headers: { ...headers, ...request.headers } })
}

/** Sends so many, one after the other; gives the statuses. */
async function knocks(times: number, request: (at: number) => InjectOptions, server = app) {
  const statuses: number[] = []
  for (let at = 0; at < times; at++) statuses.push((await knock(request(at), server)).statusCode)
  return statuses
}

const all = (status: number, times: number) => Array(times).fill(status)

t.test('an address has 30 logins a minute, and then waits', async t => {
  const { post, protected: see } = client(app)
  const first = await knock({})
  t.match(first.headers, { 'ratelimit-limit': '30', 'ratelimit-remaining': '29', 'ratelimit-reset': '60' })
  t.same(await knocks(29, () => ({})), all(400, 29))

  clock.advance(20_000)
  const refusal = await post('/api/login/', { username: 'ada', password: 'correct horse' })
  refused(t, refusal, 'rate_limited')
  const told = { 'retry-after': '40', 'ratelimit-limit': '30', 'ratelimit-remaining': '0', 'ratelimit-reset': '40' }
  t.match(refusal.headers, told)
  t.match(refusal.headers, { 'x-content-type-options': 'nosniff', 'x-request-id': /./ })

  t.equal((await knock({ remoteAddress: '127.0.0.2' })).statusCode, 400, 'others do not wait')
  t.equal((await see()).statusCode, 401, 'nor do other paths')
  clock.advance(39_999)
  t.equal((await knock({})).statusCode, 429)
  clock.advance(60_000)
  t.equal((await post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 200)
})

t.test('an address has 10 registrations and 10 password changes a minute', async t => {
  const remoteAddress = '203.0.113.1'
  const { access } = (await knock({ remoteAddress, payload: { username: 'ada', password: 'correct horse' } })).json()
  for (const [url, authorization] of [
    ['/api/register/', ''],
    ['/api/change-password/', `Bearer ${access}`]
  ] as const) {
    const request = { url, remoteAddress, headers: { authorization } }
    t.same(await knocks(10, () => request), all(400, 10), url)
    refused(t, await knock(request), 'rate_limited')
  }
})

t.test('every spelling of a path draws on one limit, or leads nowhere', async t => {
  const remoteAddress = '203.0.113.2'
  const spellings = ['/api/login/', '/api/login', '/api/login?x=1', '/api/login/?x=2', '/api/%6cogin/', '/api/logi%6E']
  const nowhere = ['//api/login/', '/api//login', '/api/login//', '/API/login/', '/api/Login', '/api/login%2f']
  const tries = await knocks(30, at => ({ url: spellings[at % spellings.length], remoteAddress }))
  t.same(tries, all(400, 30))
  for (const url of spellings) t.equal((await knock({ url, remoteAddress })).statusCode, 429, url)
  for (const url of nowhere) t.equal((await knock({ url, remoteAddress })).statusCode, 404, url)
  const text = { remoteAddress, payload: 'x', headers: { 'content-type': 'text/plain' } }
  t.equal((await knock(text)).statusCode, 429, 'before the body is looked at')
})

t.test('no header moves somebody to another address', async t => {
  const remoteAddress = '203.0.113.3'
  const names = 'x-forwarded-for x-real-ip x-client-ip cf-connecting-ip true-client-ip forwarded via'.split(' ')
  const spoofed = (at: number) => ({
    remoteAddress,
    headers: Object.fromEntries(names.map(name => [name, name === 'forwarded' ? `for=10.1.1.${at}` : `10.1.1.${at}`]))
  })
  t.same(await knocks(31, spoofed), [...all(400, 30), 429])
})

t.test('behind a proxy of AUTH_TRUST_PROXY the client counts, and only behind it', async t => {
  const behind = await build(t, { authRateLimit: 'on', authTrustProxy: ['10.0.0.0/8', 'fd00::1'] })
  const via = (proxy: string, ...clients: string[]) =>
    knock({ remoteAddress: proxy, headers: { 'x-forwarded-for': clients.join(', ') } }, behind)
  const remaining = async (...path: [string, ...string[]]) =>
    Number((await via(...path)).headers['ratelimit-remaining'])

  t.equal(await remaining('10.0.0.1', '1.1.1.1'), 29)
  t.equal(await remaining('10.9.9.9', '1.1.1.1'), 28, 'another proxy, the same client')
  t.equal(await remaining('fd00::1', '1.1.1.1'), 27)
  t.equal(await remaining('10.0.0.1', '2.2.2.2'), 29, 'another client')
  t.equal(await remaining('10.0.0.1', '6.6.6.6', '1.1.1.1'), 26, 'what the client itself claims is not believed')
  t.equal(await remaining('10.0.0.1', '1.1.1.1', '10.0.0.2'), 25, 'a chain of proxies')
  t.equal(await remaining('11.0.0.1', '1.1.1.1'), 29, 'a stranger is no proxy')
  t.equal(await remaining('11.0.0.1', '3.3.3.3'), 28)
  t.equal(await remaining('fd00::2', '1.1.1.1'), 29)
})

t.test('an IPv6 client is its /64, an IPv4 client in IPv6 clothes is itself', async t => {
  const remaining = async (remoteAddress: string) =>
    Number((await knock({ remoteAddress })).headers['ratelimit-remaining'])
  t.equal(await remaining('2001:db8:1:2::1'), 29)
  t.equal(await remaining('2001:db8:1:2:ffff:ffff:ffff:ffff'), 28)
  t.equal(await remaining('2001:0DB8:0001:0002:0:0:0:9'), 27)
  t.equal(await remaining('2001:db8:1:3::1'), 29)
  t.equal(await remaining('192.0.2.1'), 29)
  t.equal(await remaining('::ffff:192.0.2.1'), 28)
  t.equal(await remaining('::ffff:192.0.2.2'), 29)
})

t.test('a limit holds against many at once', async t => {
  const fresh = await build(t, { authRateLimit: 'on' })
  const port = await listen(fresh)
  const login = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/login/`, { method: 'POST', headers, body: '{}' })
    await answer.text()
    return answer.status
  }
  const statuses = await Promise.all(Array.from({ length: 60 }, login))
  t.same(statuses.sort(), [...all(400, 30), ...all(429, 30)])
})

t.test('AUTH_RATE_LIMIT=off limits nobody', async t => {
  const open = await build(t, { authRateLimit: 'off' })
  t.same(await knocks(100, () => ({}), open), all(400, 100))
  t.notOk(Object.keys((await knock({}, open)).headers).some(name => name.includes('ratelimit')))
})
