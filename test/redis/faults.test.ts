import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Instance, instance } from './instances.ts'
import { noRedis, redisServer, soon } from './redis.ts'

/** So many one after the other; gives what remains after the last. */
async function knocks(times: number, { knock }: Instance): Promise<number> {
  let left = -1
  for (let at = 0; at < times; at++) left = (await knock()).left
  return left
}

t.test('a Redis that is frozen under load delays few answers and lets nobody guess on', { skip: noRedis }, async t => {
  const redis = await redisServer(t)
  const [one, other] = [await instance(t, redis.url), await instance(t, redis.url)]
  t.equal(await knocks(10, one), 20)
  t.equal(await knocks(10, other), 10)

  redis.kill('SIGSTOP')
  const slowest: number[] = []
  const through: number[] = []
  for (let round = 0; round < 20; round++) {
    const began = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => other.knock(at % 2 ? undefined : `198.51.100.${round}`))
    )
    slowest.push(performance.now() - began)
    through.push(answers.filter(({ status }, at) => at % 2 && status === 400).length)
  }
  const times = slowest.map(Math.round).toSorted((one, other) => one - other)
  t.ok((times.at(-1) ?? 0) < 1000, `none waits for long: ${times}`)
  t.ok((times[10] ?? 0) < 90, 'it is not waited for again and again')
  t.equal(
    through.reduce((sum, count) => sum + count, 0),
    10,
    'it goes on where the count of all instances stood'
  )
  t.equal(await other.isInUse(), false)
  t.same(other.said(), { warnings: ['ETIMEDOUT'], ends: 0 })

  await sleep(1500)
  redis.kill('SIGCONT')
  t.ok((await soon(other.isInUse)) < 3000)
  t.same(other.said(), { warnings: ['ETIMEDOUT'], ends: 1 }, 'said once each')
  t.equal((await other.knock()).status, 429)
})

t.test('a Redis that ends and comes back empty is told what was counted', { skip: noRedis }, async t => {
  const redis = await redisServer(t)
  const [one, other] = [await instance(t, redis.url), await instance(t, redis.url)]
  t.equal(await knocks(12, one), 18)
  redis.kill('SIGKILL')
  await soon(async () => !(await one.isInUse()))
  t.equal(await knocks(3, one), 15)
  await redis.restart()
  t.ok((await soon(async () => (await one.isInUse()) && (await other.isInUse()))) < 3000)
  t.equal(await knocks(1, one), 14)
  t.equal(await knocks(1, other), 13, 'the other learns it too')
  t.match(
    [one.said(), other.said()],
    [
      { warnings: { length: 1 }, ends: 1 },
      { warnings: { length: 1 }, ends: 1 }
    ]
  )
})

t.test('FLUSHALL, and values that are not ours, forget nothing', { skip: noRedis }, async t => {
  const { url, tell } = await redisServer(t)
  const one = await instance(t, url)
  t.equal(await knocks(5, one), 25)
  const [key = ''] = ((await tell('keys postern:login:*')) as string[]) ?? []
  const faults = ['flushall', 'script flush', 'set KEY many', 'set KEY -7', 'set KEY nan', 'set KEY 1e300']
  const longer = ['set KEY 9 px 999999999', 'persist KEY', 'pexpire KEY 0']
  const types = ['lpush KEY x', 'hset KEY x y', 'sadd KEY x']
  let left = 25
  for (const fault of [...faults, ...longer, ...types]) {
    if (types.includes(fault)) await tell(`del ${key}`)
    await tell(fault.replace('KEY', key))
    left--
    t.match(await one.knock(), { status: 400, left }, fault)
  }
  t.ok(Number(await tell(`pttl ${key}`)) <= 60_000)
  t.same(one.said(), { warnings: [], ends: 0 })
})

t.test('a Redis that is full or a replica leaves each instance its own limit', { skip: noRedis }, async t => {
  const { url, tell } = await redisServer(t)
  const faults = {
    OOM: ['config set maxmemory 1', 'config set maxmemory 0'],
    READONLY: ['replicaof 127.0.0.1 1', 'replicaof no one']
  } as const
  for (const [reason, [begin, end]] of Object.entries(faults)) {
    const one = await instance(t, url)
    const before = (await one.knock()).left
    await tell(begin)
    t.equal(await knocks(2, one), before - 2)
    t.same([await one.isInUse(), one.said()], [false, { warnings: [reason], ends: 0 }])
    await tell(end)
    t.ok((await soon(one.isInUse)) < 3000)
    t.equal(await knocks(1, one), before - 3)
    t.same(one.said(), { warnings: [reason], ends: 1 })
  }
})
