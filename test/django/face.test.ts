import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { documentOf, examplesOf, isForDjango, operationsOf } from '../document.ts'
import { build, client, testClock } from '../helper.ts'
import { service } from '../routes/session-service.ts'

const credentials = { username: 'ada', password: 'correct horse' }
const REALM = 'Bearer realm="api"'

t.test('a login here and a login there draw on one limit', async t => {
  const app = await build(t, { authRateLimit: 'on' })
  const { post, register } = client(app)
  await register()
  const statuses: number[] = []
  for (let at = 0; at < 30; at++) statuses.push((await post(at % 2 ? '/api/login/' : '/api/token', {})).statusCode)
  t.same(statuses, Array(30).fill(400))
  t.equal((await post('/api/login/', credentials)).statusCode, 429)
  const throttled = await post('/api/token/', credentials)
  t.equal(throttled.statusCode, 429)
  const seconds = Number(throttled.headers['retry-after'])
  t.ok(seconds > 0 && seconds <= 60)
  const words = seconds === 1 ? '1 second' : `${seconds} seconds`
  t.same(throttled.json(), { detail: `Request was throttled. Expected available in ${words}.` })
  t.equal((await post('/api/token/refresh/', {})).statusCode, 400, 'refreshing has no limit')
})

t.test('a store that does not answer is a 503 with a detail and Retry-After', async t => {
  const { app, login, post } = await service(t)
  const { access, refresh } = await login()
  await app.database.close()
  for (const [path, body] of [
    ['/api/token/', credentials],
    ['/api/token/refresh/', { refresh }],
    ['/api/token/verify/', { token: access }],
    ['/api/token/blacklist/', { refresh }]
  ] as const) {
    const answer = await post(path, body)
    t.equal(answer.statusCode, 503, path)
    t.match(answer.headers['retry-after'], /^\d+$/)
    t.same(Object.keys(answer.json()), ['detail'])
  }
})

t.test('both faces see one session', async t => {
  const { alive, login, post, refresh } = await service(t)
  const begun = (await post('/api/token/', credentials)).json()
  t.ok(await alive(t, begun))
  const next = (await refresh(begun.refresh)).json()
  const last = (await post('/api/token/refresh/', { refresh: next.refresh })).json()
  t.same(Object.keys(last), ['access', 'refresh'])
  t.equal((await post('/api/token/blacklist/', { refresh: last.refresh })).statusCode, 200)
  t.notOk(await alive(t, last))
  const native = await login()
  t.equal((await post('/api/logout/', { refresh: native.refresh })).statusCode, 204)
  const refused = await post('/api/token/refresh/', { refresh: native.refresh })
  t.same(refused.json(), { detail: 'Token is blacklisted', code: 'token_not_valid' })
  t.equal(refused.headers['www-authenticate'], REALM)
})

t.test('a spent token ends the session here too, and its reason is nothing that the native paths tell', async t => {
  const { clock, login, post, refresh, alive } = await service(t)
  const first = await login()
  const second = (await post('/api/token/refresh/', { refresh: first.refresh })).json()
  clock.advance(10_000)
  t.equal((await post('/api/token/refresh/', { refresh: first.refresh })).statusCode, 401)
  t.notOk(await alive(t, second))
  const native = (await refresh(first.refresh)).json()
  t.same(Object.keys(native), ['type', 'title', 'status', 'detail', 'code'])
})

t.test('an unknown path below is not found as anywhere else, also under a prefix', async t => {
  for (const prefix of ['', '/auth']) {
    const app = await build(t, {}, { prefix })
    const get = (path: string) => app.inject(`${prefix}${path}`)
    for (const path of ['/api/token/x', '/api/token/refresh/x', '/api/tokens/']) {
      const answer = await get(path)
      t.equal(answer.statusCode, 404, path)
      t.equal(answer.json().code, 'not_found')
      t.notOk('allow' in answer.headers)
    }
    for (const path of ['/api/token', '/api/token/?x=1', '/api/token/verify']) {
      const answer = await get(path)
      t.equal(answer.statusCode, 405, path)
      t.equal(answer.headers.allow, 'POST, OPTIONS')
    }
    t.equal((await get('/api/login/')).json().code, 'not_found', 'other paths answer as they did')
  }
})

t.test('every documented answer is what the service says, word for word and with its headers', async t => {
  const clock = testClock()
  const app = await build(t, {}, { now: clock.now })
  const limited = await build(t, { authRateLimit: 'on' })
  const { login, post, register, logout } = client(app)
  await register()
  const expired = await login()
  clock.advance(86_400_000)
  const [ended, good] = [await login(), await login()]
  await logout(ended.refresh)
  const provoke = provocations({ app, limited, expired, ended, good })

  for (const operation of operationsOf(await documentOf(app)).filter(isForDjango)) {
    const { operationId, path, responses } = operation
    const field = operationId === 'verifyToken' ? 'token' : 'refresh'
    for (const [status, { content = {}, headers = {} }] of Object.entries(responses)) {
      // How a store that does not answer comes about stands above; a user is disabled and a queue is full elsewhere.
      if (status === '503') continue
      for (const example of Object.values(content).flatMap(examplesOf)) {
        const said = JSON.stringify(example)
        const make = provoke[said]
        if (!make || status === '200') continue
        const answer = await make(path, field)
        const body = answer.body.replace(/in \d+ seconds/, 'in 60 seconds')
        t.equal(`${answer.statusCode} ${body}`, `${status} ${said}`, operationId)
        for (const name of Object.keys(headers)) t.ok(answer.headers[name.toLowerCase()], `${said} has ${name}`)
        provoked.add(said)
      }
    }
  }
  t.same([...provoked].toSorted(), Object.keys(provoke).toSorted(), 'all of them are documented')
  t.equal((await post('/api/token/verify/', { token: good.access })).statusCode, 200)
})

const provoked = new Set<string>()

interface Parts {
  app: FastifyInstance
  limited: FastifyInstance
  expired: { access: string; refresh: string }
  ended: { access: string; refresh: string }
  good: { access: string; refresh: string }
}

/** How each documented error comes about, by its body. */
function provocations({ app, limited, expired, ended, good }: Parts) {
  const { post, send } = client(app)
  const text = (path: string) =>
    send({ method: 'POST', url: path, payload: 'x', headers: { 'content-type': 'text/plain' } })
  const missing = (path: string) => post(path, {})
  const made: Record<string, (path: string, field: string) => ReturnType<typeof post>> = {
    '{"username":["This field is required."],"password":["This field is required."]}': missing,
    '{"refresh":["This field is required."]}': missing,
    '{"token":["This field is required."]}': missing,
    '{"detail":"No active account found with the given credentials"}': path =>
      post(path, { username: 'nobody', password: 'x' }),
    '{"detail":"Token is invalid","code":"token_not_valid"}': (path, field) => post(path, { [field]: 'x' }),
    '{"detail":"Token is expired","code":"token_not_valid"}': (path, field) => post(path, { [field]: expired.refresh }),
    '{"detail":"Token has wrong type","code":"token_not_valid"}': path => post(path, { refresh: good.access }),
    '{"detail":"Token is blacklisted","code":"token_not_valid"}': path => post(path, { refresh: ended.refresh }),
    '{"non_field_errors":["Token is blacklisted"]}': path => post(path, { token: ended.access }),
    '{"detail":"The request body is larger than 64 KiB."}': path => post(path, { more: 'x'.repeat(65_536) }),
    '{"detail":"Unsupported media type \\"text/plain\\" in request."}': text,
    '{"detail":"Request was throttled. Expected available in 60 seconds."}': async path => {
      const once = () => client(limited).post(path, {})
      for (let left = 30; left > 0; left--) await once()
      return once()
    }
  }
  return made
}
