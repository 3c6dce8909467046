import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from './helper.ts'

const SAFE = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
  'x-request-id': /^[\w-]{8,64}$/
}

/** One answer of each status that needs no fault. */
async function answers(app: FastifyInstance) {
  const { register, post, get, protected: see, login, send, logout } = client(app)
  const url = '/api/login/'
  const registered = await register()
  const { access, refresh } = await login()
  return [
    registered,
    await post(url, { username: 'ada', password: 'correct horse' }),
    await see(access),
    await logout(refresh),
    await post(url, {}),
    await post(url, { username: 'ada', password: 'wrong horse' }),
    await see(),
    await see('x'),
    await get('/nope'),
    await get(url),
    await send({ method: 'HEAD', url: '/api/protected/' }),
    await send({ method: 'OPTIONS', url }),
    await send({ method: 'POST', url, payload: 'x'.repeat(70_000), headers: { 'content-type': 'application/json' } }),
    await send({ method: 'POST', url, payload: 'x', headers: { 'content-type': 'text/plain' } }),
    await get('/health/live')
  ]
}

let app: FastifyInstance

t.before(async () => {
  app = await build(t)
})

t.test('every answer tells browsers and caches to do nothing with it', async t => {
  const all = await answers(app)
  t.same([...new Set(all.map(answer => answer.statusCode))].sort(), [200, 201, 204, 400, 401, 404, 413, 415])
  for (const { headers, statusCode, raw } of all) {
    t.match(headers, SAFE, `${raw.req.method} ${raw.req.url} ${statusCode}`)
    const told = ['server', 'x-powered-by', 'strict-transport-security', 'set-cookie', 'access-control-allow-origin']
    t.same(
      told.filter(name => name in headers),
      []
    )
  }
})

t.test('under an https PUBLIC_URL browsers learn to stay with it', async t => {
  const secure = await build(t, { publicUrl: 'https://auth.example.com' })
  for (const url of ['/health/live', '/nope', '/api/protected/'])
    t.equal((await secure.inject({ url })).headers['strict-transport-security'], 'max-age=31536000')
})

t.test('the keys may be kept, shortly', async t => {
  const { headers } = await app.inject({ url: '/.well-known/jwks.json' })
  t.match(headers['cache-control'], /^public, max-age=\d+$/)
  t.equal(headers['x-content-type-options'], 'nosniff')
})

t.test('the request id of a proxy is taken over when it is one', async t => {
  const idFor = async (id: string | string[]) =>
    (await app.inject({ url: '/health/live', headers: { 'x-request-id': id as string } })).headers['x-request-id']
  for (const id of ['abcdefgh', 'a'.repeat(64), '0b0e7a3c-2f1d-4d3e-9a55-0c6f1f6d2a10', 'req_12345678'])
    t.equal(await idFor(id), id)
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  const wrong = [
    '',
    'short',
    'a'.repeat(65),
    'with space',
    '<script>alert(1)</script>',
    'a"b"c"d"e',
    'a,b,c,d,e,f',
    'ünïcödé8',
    '../../etc'
  ]
  for (const id of wrong) t.match(await idFor(id), uuid, JSON.stringify(id))
  t.not(await idFor(''), await idFor(''), 'each request has its own')
})

t.test('who asked for which host changes nothing', async t => {
  const forwarded = {
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.test;proto=https'
  }
  for (const host of ['evil.test', 'evil.test:99', '[::1]', 'auth.test', 'a b', '']) {
    const headers = {
      host,
      ...forwarded,
      'x-forwarded-prefix': '/evil',
      'x-original-url': '/evil',
      'x-http-method-override': 'DELETE'
    }
    const payload = { username: 'ada', password: 'correct horse' }
    const answer = await app.inject({ method: 'POST', url: '/api/login/', headers, payload })
    t.equal(answer.statusCode, 200)
    const claims = JSON.parse(Buffer.from(answer.json().access.split('.')[1], 'base64url').toString())
    t.match(claims, { iss: 'http://auth.test', aud: 'http://auth.test' })
    t.notMatch(JSON.stringify(answer.headers), /evil/)
  }
})
