import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { postgresExperiments } from '../../faults/experiments/postgres.ts'
import { createRandom } from '../../faults/harness/random.ts'
import { until } from '../cli/process.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { noRedis, redisServer } from '../redis/redis.ts'
import { type Instance, instance, way } from './instances.ts'
import { anyServer, ownServer, skip } from './server.ts'

/** The suite shares its machine with whatever else runs there. */
const SLACK = 5
const POOL = 4
const connections = (url: string) =>
  asSuperuser(
    url,
    async one =>
      (
        await one.query(`
          SELECT count(*)::int AS open, count(*) FILTER (WHERE state LIKE 'idle in%')::int AS stuck
          FROM pg_stat_activity WHERE application_name = 'postern' AND datname = current_database()
        `)
      ).rows[0]
  )

for (const { title, holds, run } of postgresExperiments.filter(({ name }) => /restart|backends/.test(name)))
  t.test(`${title}: ${holds}`, { skip, timeout: 100_000 }, async t => {
    const say = (line: string) => void t.comment(line)
    const context = { trials: 1, folder: t.testdir({}), random: createRandom(7), minutes: 1, slack: SLACK, say }
    const { lost, resurrected, duplicated, violations, faults } = await run(context)
    t.same({ lost, resurrected, duplicated, violations }, { lost: [], resurrected: [], duplicated: [], violations: [] })
    t.ok(faults > 0)
  })

t.test('a connection that is cut between a commit and its answer', { skip }, async t => {
  const url = await postgresDatabase(t, await anyServer(t))
  const passage = await way(t, url)
  const far = await instance(t, passage.url(url), { databasePool: POOL })

  /** Sends something whose effect is committed, and whose answer the service never gets. */
  async function unanswered(work: () => ReturnType<Instance['refresh']>, after?: string) {
    const happened = after ? passage.loseAnswerTo('COMMIT', after) : passage.loseAnswerTo('session_rotate')
    const { statusCode, headers } = await work()
    t.equal(happened(), 1)
    t.equal(statusCode, 503)
    t.ok(headers['retry-after'])
  }

  await unanswered(() => far.register(), 'user_insert')
  t.equal((await far.register()).statusCode, 400, 'it was applied once')
  const [one, other] = [await far.login(), await far.login()]

  await unanswered(() => far.refresh(one.refresh))
  const retries = [await far.refresh(one.refresh), await far.refresh(one.refresh)]
  for (const { statusCode } of retries) t.equal(statusCode, 200)
  t.equal(new Set(retries.map(answer => answer.json().refresh)).size, 1)

  await unanswered(() => far.logout(other.refresh), 'session_end')
  t.equal((await far.protected(other.access)).statusCode, 401, 'whoever asks after the 503 hears the truth')
  t.equal((await far.logout(other.refresh)).statusCode, 401)

  await unanswered(
    () => far.changePassword(one.access, 'correct horse', 'another correct horse'),
    'user_change_password'
  )
  t.ok((await far.login('ada', 'another correct horse')).access)
  t.match(await connections(url), { stuck: 0 })
})

t.test('a server that stops and comes back finds all connections in order', { skip }, async t => {
  const server = await ownServer(t)
  const url = await postgresDatabase(t, server.url)
  const app = await instance(t, url, { databasePool: POOL })
  await app.register()
  const { access, refresh } = await app.login()
  const storm = async () => {
    const burst = Array.from({ length: 40 }, () => app.refresh(refresh))
    return new Set((await Promise.all(burst)).map(({ statusCode }) => statusCode))
  }
  for (const mode of ['immediate', 'fast'] as const) {
    t.equal((await app.protected(access)).statusCode, 200)
    const during = storm()
    await server.stop(mode)
    for (const status of await during) t.ok([200, 503].includes(status), `${status}`)
    t.same([...(await storm())], [503])
    t.equal((await app.protected(access)).statusCode, 200, 'what is known is answered for a while')
    t.equal((await app.get('/health/ready')).statusCode, 503)
    await server.start()
    const began = performance.now()
    await until(async () => (await app.get('/health/ready')).statusCode === 200)
    t.ok(performance.now() - began < 3_000 * SLACK)
    t.same([...(await storm())], [200])
  }
  const { open, stuck } = await connections(url)
  t.ok(open <= POOL + 1, `${open} connections`)
  t.equal(stuck, 0)
})

t.test('a Redis that stops, or forgets, is no concern of what Postgres holds', { skip: skip || noRedis }, async t => {
  const redis = await redisServer(t)
  const url = await postgresDatabase(t, await anyServer(t))
  const app = await instance(t, url, { redisUrl: redis.url, authRateLimit: 'on' })
  await app.register()
  let { access, refresh } = await app.login()
  const harms = [() => redis.tell('flushall'), () => redis.kill('SIGSTOP'), () => redis.kill('SIGKILL')]
  for (const harm of harms) {
    await harm()
    const answer = await app.refresh(refresh)
    t.equal(answer.statusCode, 200)
    ;({ access, refresh } = answer.json())
    t.equal((await app.protected(access)).statusCode, 200)
    await sleep(50)
  }
  t.equal((await app.logout(refresh)).statusCode, 204)
  t.equal((await app.protected(access)).statusCode, 401)
})
