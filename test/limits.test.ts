import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import t from 'tap'
import { clientNetwork } from '../src/core/client-address.ts'
import { memoryStore } from '../src/limits/memory-store.ts'
import { limitsWith } from '../src/limits/named.ts'
import { build, client, testClock } from './helper.ts'
import { refused } from './routes/answers.ts'

const MINUTE = 60_000

/** A limit of one minute with room for so many windows. */
function limit(cache: number) {
  const clock = testClock()
  const Store = memoryStore(clock.now)
  const store = new Store({ cache } as never) as FastifyRateLimitStore & { read: FastifyRateLimitStore['incr'] }
  const using = (method: 'incr' | 'read') => (key: string) => {
    let found: { current: number; ttl: number } | undefined
    store[method](
      key,
      (_error, result) => {
        found = result
      },
      MINUTE,
      10
    )
    return found
  }
  return { clock, count: using('incr'), look: using('read') }
}

t.test('a window begins with its first request and does not move', t => {
  const { clock, count, look } = limit(1024)
  t.same(count('a'), { current: 1, ttl: MINUTE })
  clock.advance(MINUTE - 1)
  t.same(
    [count('a'), look('a'), look('c')],
    [
      { current: 2, ttl: 1 },
      { current: 2, ttl: 1 },
      { current: 0, ttl: 0 }
    ]
  )
  t.same(count('b'), { current: 1, ttl: MINUTE })
  clock.advance(1)
  t.same(count('a'), { current: 1, ttl: MINUTE })
  clock.advance(-2 * MINUTE)
  t.same(count('a'), { current: 1, ttl: MINUTE }, 'a clock that is set back makes nobody wait longer')
  t.end()
})

t.test('however many clients there are, no more are remembered than there is room for, and the newest is', t => {
  const { clock, count, look } = limit(1024)
  const addresses = Array.from({ length: 20_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`)
  for (const address of addresses) {
    clock.advance(1)
    count(address)
    if (look(address)?.current !== 1) t.fail(`${address} is forgotten at once`)
  }
  const remembered = addresses.filter(address => look(address)?.current === 1)
  t.ok(remembered.length > 900 && remembered.length <= 1024, `${remembered.length}`)
  t.ok(
    remembered.every(address => addresses.indexOf(address) > 15_000),
    'the ones that began first are forgotten'
  )
  clock.advance(MINUTE)
  t.same(
    addresses.filter(address => look(address)?.current !== 0),
    []
  )
  t.end()
})

t.test('an address is one client under every spelling', t => {
  const networks: Record<string, string[]> = {
    '192.0.2.1': ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:c000:0201', '192.0.2.1:4711'],
    '0.0.0.9': ['::ffff:0.0.0.9', '::ffff:0:9'],
    '2001:db8:1:2::/64': ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '[2001:db8:1:2::7]:4711'],
    '2001:db8:0:0::/64': ['2001:db8::', '2001:db8::ffff:1', '2001:db8:0:0:1::'],
    '0:0:0:0::/64': ['::1', '::', '::192.0.2.1'],
    'fe80:0:0:0::/64': ['fe80::1%eth0', 'fe80::2'],
    '1:2:3:4::/64': ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '1:2:3:4::5:6:7'],
    unknown: ['', 'unknown', '_hidden', '1.2.3', '1.2.3.4.5', '::ffff:1:2:3:4:5:6:7:8', 'a'.repeat(9000)]
  }
  for (const [network, spellings] of Object.entries(networks))
    for (const spelling of spellings) t.equal(clientNetwork(spelling), network, spelling.slice(0, 40))
  t.end()
})

t.test('AUTH_RATE_LIMITS replaces single limits', async t => {
  t.match(limitsWith(['login=5/2h']), {
    login: { max: 5, timeWindow: 2 * 60 * MINUTE },
    register: { max: 10, timeWindow: MINUTE },
    mailbox: { max: 5, timeWindow: 15 * MINUTE },
    code: { max: 20, timeWindow: 24 * 60 * MINUTE }
  })
  const app = await build(t, { authRateLimit: 'on', authRateLimits: ['login=2/1h', 'mailbox=1/1m'] })
  const { post } = client(app)
  for (const remaining of ['1', '0']) {
    const { headers } = await post('/api/login/', {})
    t.match(headers, { 'ratelimit-limit': '2', 'ratelimit-remaining': remaining, 'ratelimit-reset': '3600' })
  }
  refused(t, await post('/api/token/', {}).then(() => post('/api/login/', {})), 'rate_limited')
  t.equal((await post('/api/register/', {})).headers['ratelimit-limit'], '10')
  const ask = () => post('/api/password-reset/', { email: 'ada@example.com' })
  t.same([(await ask()).statusCode, (await ask()).statusCode], [202, 429])
})

t.test('routes of one kind draw on one limit, and so do GET and HEAD', async t => {
  const app = await build(t, { authRateLimit: 'on' })
  const { post, send, register, login } = client(app)
  await register()
  const { access } = await login()
  const headers = { authorization: `Bearer ${access}` }
  const remaining = async (method: 'GET' | 'HEAD', url: string) =>
    (await send({ method, url, headers })).headers['ratelimit-remaining']
  t.same([await remaining('GET', '/api/me/export/'), await remaining('HEAD', '/api/me/export/')], ['9', '8'])

  const paths = ['/api/password-reset/confirm/', '/api/verify-email/', '/api/login/email/confirm/']
  const left = []
  for (const path of paths) left.push((await post(path, {})).headers['ratelimit-remaining'])
  t.same(left, ['9', '8', '7'])
})

t.test('no other method, and no header that names one, logs in past the limit', async t => {
  const app = await build(t, { authRateLimit: 'on', authRateLimits: ['login=3/1m'] })
  const { send } = client(app)
  const override = { 'x-http-method-override': 'POST', 'x-method-override': 'POST', 'x-http-method': 'POST' }
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'] as const) {
    const answer = await send({ method, url: '/api/login/?_method=POST', headers: override })
    t.notOk(answer.headers['ratelimit-limit'], method)
    t.not(answer.statusCode, 200)
  }
  const as = (name: string) => send({ method: 'POST', url: '/api/login', payload: {}, headers: { [name]: 'GET' } })
  const statuses = []
  for (const name of [...Object.keys(override), 'x-http-method-override']) statuses.push((await as(name)).statusCode)
  t.same(statuses, [400, 400, 400, 429])
})
