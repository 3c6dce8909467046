import { pino } from 'pino'
import t, { type Test } from 'tap'
import { host, settings } from './embedding/host.ts'
import { build, client } from './helper.ts'

const LISTED = 'https://app.test'
const OTHERS = [
  'https://evil.test',
  `${LISTED}.evil.test`,
  'http://app.test',
  `${LISTED}:8443`,
  `${LISTED}/`,
  'null',
  '*',
  ''
]

const service = (t: Test, authCorsOrigins: string[]) => build(t, { publicUrl: 'https://auth.test', authCorsOrigins })

const preflight = (origin: string | undefined, url = '/api/login/') => ({
  method: 'OPTIONS' as const,
  url,
  headers: {
    ...(origin !== undefined && { origin }),
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type'
  }
})

const cors = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

t.test('a page of a listed origin may call with cookies, and read what it must', async t => {
  const app = await service(t, [LISTED, 'http://localhost:3000'])
  await client(app).register()
  for (const origin of [LISTED, 'http://localhost:3000']) {
    for (const url of ['/api/protected/', '/api/nope', '/health/live', '/api/login/?x']) {
      const { headers } = await app.inject({ url, headers: { origin } })
      t.same(cors(headers), {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers':
          'Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, WWW-Authenticate, X-Request-Id'
      })
      t.equal(headers.vary, 'Origin', url)
    }
  }
})

t.test('a preflight of a listed origin is answered without authentication, on every path', async t => {
  const app = await service(t, [LISTED])
  for (const url of ['/api/login/', '/api/logout-all/', '/api/me/', '/api/sessions/x', '/oauth/token', '/api/token/']) {
    const { statusCode, headers, body } = await app.inject(preflight(LISTED, url))
    t.same([statusCode, body], [204, ''], url)
    t.match(cors(headers), {
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type, X-Request-Id',
      'access-control-max-age': '600'
    })
    t.equal(headers.vary, 'Origin')
    t.equal(headers['x-content-type-options'], 'nosniff')
  }
})

t.test('nobody else gets a word of CORS, but caches learn that the answer depends on the origin', async t => {
  const app = await service(t, [LISTED])
  for (const origin of [...OTHERS, undefined]) {
    const asked = await app.inject({ url: '/health/live', headers: origin === undefined ? {} : { origin } })
    const flight = await app.inject(preflight(origin))
    t.equal(flight.json().code, 'not_found', `${origin}`)
    for (const { headers } of [asked, flight]) {
      t.same(cors(headers), {}, `${origin}`)
      t.equal(headers.vary, 'Origin', `${origin}`)
    }
  }
})

t.test('without AUTH_CORS_ORIGINS there is no CORS at all', async t => {
  const app = await service(t, [])
  for (const origin of [LISTED, ...OTHERS])
    for (const request of [preflight(origin), { url: '/health/live', headers: { origin } }]) {
      const { headers } = await app.inject(request)
      t.same(cors(headers), {})
      t.notOk(headers.vary)
    }
})

t.test('a preflight opens no proxy: forward-auth asks OPTIONS for a token as it asks everybody', async t => {
  const app = await service(t, [LISTED])
  for (const url of ['/forward-auth', '/forward-auth/', '/forward-auth/for', '/forward-auth/for/x']) {
    const answer = await app.inject(preflight(LISTED, url))
    t.equal(answer.statusCode, 401, url)
    t.same(cors(answer.headers), {})
  }
})

t.test('below the prefix of a host the same holds, and the host is asked nothing', async t => {
  const app = await host(t, settings(t, { authCorsOrigins: [LISTED], authEmailVerification: 'off' }))
  const { statusCode, headers } = await app.inject(preflight(LISTED, '/auth/api/login/'))
  t.same([statusCode, headers['access-control-allow-origin']], [204, LISTED])
  t.same(cors((await app.inject(preflight(LISTED, '/orders'))).headers), {})
})

t.test('the start warns of origins whose pages can be given no cookies', async t => {
  const warningsOf = async (publicUrl: string) => {
    const lines: string[] = []
    const logger = pino({ level: 'warn' }, { write: line => void lines.push(JSON.parse(line).msg) })
    await build(t, { publicUrl, authCorsOrigins: [LISTED] }, { logger })
    return lines.filter(line => line.startsWith('AUTH_CORS_ORIGINS'))
  }
  t.match(await warningsOf('http://auth.test'), [/there are no cookies/])
  t.same(await warningsOf('https://auth.test'), [])
  t.same(await warningsOf('http://127.0.0.1:8000'), [])
})
