import t, { type Test } from 'tap'
import { checkRedis } from '../../src/cli/doctor-redis.ts'
import { freePort } from '../../tools/free-port.ts'
import { noRedis, redisServer } from '../redis/redis.ts'

const PASSWORD = 's3cret-of-redis'

/** What the doctor finds; never the password. */
async function seen(t: Test, redisUrl?: string): Promise<string[]> {
  const found: string[] = []
  for await (const [level, text] of checkRedis({ redisUrl })) found.push(`${level} ${text}`)
  t.notMatch(found.join(), PASSWORD)
  return found
}

t.test('the doctor says nothing of a Redis that nobody asked for, and names one that cannot be reached', async t => {
  t.same(await seen(t), [])
  const port = await freePort()
  t.match(await seen(t, `redis://:${PASSWORD}@127.0.0.1:${port}`), [
    /^fail Redis at 127\.0\.0\.1:\d+ does not let us in: ECONNREFUSED\..* Check REDIS_URL/
  ])
  t.match(await seen(t, 'redis://redis.invalid'), [
    /^warn REDIS_URL has no password: whoever reaches redis\.invalid can clear/,
    /^fail Redis at redis\.invalid:6379 does not let us in: (ENOTFOUND|EAI_AGAIN)/
  ])
})

t.test('the doctor sees whether a Redis lets in, can count and forgets nothing', { skip: noRedis }, async t => {
  const { port, tell } = await redisServer(t, { settings: ['--requirepass', PASSWORD], password: PASSWORD })
  const look = (password = `:${PASSWORD}@`, path = '') => seen(t, `redis://${password}127.0.0.1:${port}${path}`)
  const sound = /^ok Redis at 127\.0\.0\.1:\d+ answers, version \d+\.\d+/
  t.match(await look(), { 0: sound, length: 1 })
  t.match(await look(''), [/^fail .* NOAUTH/])
  t.match(await look(`:${PASSWORD}-not@`), [/^fail .* WRONGPASS/])
  t.match(await look(undefined, '/9999'), [/^fail .* ERR/])

  await tell('config set maxmemory 50mb')
  t.match(await look(), { 0: sound, length: 1 })
  await tell('config set maxmemory-policy allkeys-lru')
  t.match(await look(), [
    sound,
    /^warn Redis at \S+ drops counts when its memory is full \(maxmemory-policy allkeys-lru\)/
  ])
  await tell('config set maxmemory 0')
  await tell('replicaof 127.0.0.1 1')
  t.match(await look(), [sound, /^fail Redis at \S+ is a replica/])
  t.same(await tell('keys *'), [], 'nothing was written')
})
