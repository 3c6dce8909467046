import t from 'tap'
import { client } from './helper.ts'
import { instance } from './redis/instances.ts'
import { noRedis, redisServer } from './redis/redis.ts'
import { refused } from './routes/answers.ts'

t.test('three instances share a limit exactly, whatever comes at the same moment', { skip: noRedis }, async t => {
  const { url, tell } = await redisServer(t)
  const instances = [await instance(t, url), await instance(t, url), await instance(t, url)]
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, at) => instances[at % 3]?.knock() ?? { status: 0, left: 0, reset: 0 })
  )
  const through = answers.filter(({ status }) => status === 400)
  t.same(
    through.map(({ left }) => left).toSorted((one, other) => other - one),
    Array.from({ length: 30 }, (_, at) => 29 - at)
  )
  t.equal(answers.filter(({ status }) => status === 429).length, 270)
  t.ok(answers.every(({ reset }) => reset <= 60 && reset > 30))
  for (const { knock, said } of instances) {
    t.match(await knock(), { status: 429, left: 0 })
    t.match(await knock('203.0.113.10'), { status: 400 }, 'others do not wait')
    t.same(said(), { warnings: [], ends: 0 })
  }

  const keys = (await tell('keys *')) as string[]
  t.equal(keys.filter(key => key !== 'postern:probe').length, 2)
  for (const key of keys) {
    t.match(key, /^postern:(probe|login:[\w-]{22})$/, 'it does not tell who was counted')
    const left = Number(await tell(`pttl ${key}`))
    // The probe's key lives for one second: by now it may be gone, which Redis says by -2.
    t.ok(left <= 60_000 && (left > 0 || (left === -2 && key === 'postern:probe')), `it goes by itself: ${left} ms`)
  }
})

t.test('a window ends for all instances at once, and another begins', { skip: noRedis }, async t => {
  const { url } = await redisServer(t)
  const limits = { authRateLimits: ['login=3/1s'] }
  const [one, other] = [await instance(t, url, limits), await instance(t, url, limits)]
  const began = performance.now()
  await one.knock()
  let answer = await other.knock()
  while (answer.left < 2 && performance.now() - began < 3000) {
    await new Promise(resolve => setTimeout(resolve, 5))
    answer = await other.knock()
  }
  const took = performance.now() - began
  t.ok(took > 995 && took < 2500, `${took} ms: refused requests do not make it longer`)
  t.equal((await one.knock()).left, 1)
})

t.test('mails, wrong codes and secrets of clients are counted together too', { skip: noRedis }, async t => {
  const { url, tell } = await redisServer(t)
  const limits = { authRateLimits: ['mailbox=1/1m', 'code=2/1m'] }
  const [one, other] = [await instance(t, url, limits), await instance(t, url, limits)]
  const email = 'ada@example.com'
  const ask = ({ app }: typeof one) => client(app).post('/api/password-reset/', { email })
  t.equal((await ask(one)).statusCode, 202)
  refused(t, await ask(other), 'rate_limited')

  const guess = ({ app }: typeof one) =>
    client(app).post('/api/password-reset/confirm/', { email, code: '123456', new_password: 'correct horse' })
  refused(t, await guess(one), 'invalid_link')
  refused(t, await guess(other), 'invalid_link')
  for (const { app } of [one, other])
    t.match((await guess({ app } as typeof one)).json(), { code: 'rate_limited', detail: /wrong codes/ })
  const keys = String(await tell('keys *'))
  t.match(keys, /postern:mailbox:.*postern:code:|postern:code:.*postern:mailbox:/)
  t.notMatch(keys, /\bada\b|example/)
})

t.test('instances with another master secret count apart', { skip: noRedis }, async t => {
  const { url } = await redisServer(t)
  const [one, other] = [await instance(t, url), await instance(t, url, { authSecret: 'p'.repeat(32) })]
  t.same([(await one.knock()).left, (await other.knock()).left], [29, 29])
})
