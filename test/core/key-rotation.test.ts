import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { until } from '../cli/process.ts'
import { build, client, testClock } from '../helper.ts'
import { encode } from '../routes/forgery.ts'
import { listen } from '../routes/socket.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const states = (app: FastifyInstance) => app.core.signingKeys.list().map(({ state }) => state)
const kids = (app: FastifyInstance) => app.core.signingKeys.list().map(({ kid }) => kid)
const header = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
const onDisk = (folder: string) => ({ databaseUrl: `sqlite:${join(folder, 'postern.db')}` })

/** Two services on one file. */
async function two(t: Test, options = {}, wiring = {}) {
  const folder = t.testdir({})
  const a = await build(t, { ...onDisk(folder), ...options }, wiring)
  return [a, await build(t, { ...onDisk(folder), ...options }, wiring), folder] as const
}

const rotations = async ({ database }: FastifyInstance) => {
  const { auditEvents } = database.tables
  const rows = await database.read(database.prepare('test_rotations', q => q.select().from(auditEvents))())
  return rows.filter(({ event }) => event === 'sys_key_rotated').length
}

t.test('a key is replaced when it has signed for AUTH_KEY_ROTATION, and not before', async t => {
  const clock = testClock()
  const app = await build(t, { authKeyRotation: '30d' }, { now: clock.now })
  const { maintain } = app.core.signingKeys
  const [first, second] = kids(app)
  await maintain()
  clock.advance(30 * DAY - 1)
  await maintain()
  t.same(kids(app), [first, second])
  clock.advance(1)
  await maintain()
  await maintain()
  t.same(states(app), ['retired', 'current', 'next'])
  t.same(kids(app).slice(0, 2), [first, second])
  const [, , third] = kids(app)
  clock.advance(30 * DAY)
  await maintain()
  t.same(states(app).slice(-3), ['retired', 'current', 'next'])
  t.equal(kids(app).at(-2), third)
  t.equal(await rotations(app), 2)
})

t.test('AUTH_KEY_ROTATION=0 turns the schedule off', async t => {
  const clock = testClock()
  const app = await build(t, { authKeyRotation: '0' }, { now: clock.now })
  clock.advance(3650 * DAY)
  await app.core.signingKeys.maintain()
  t.same(states(app), ['current', 'next'])
})

t.test('a next key does not sign before the copies of verifiers have it, unless somebody insists', async t => {
  const clock = testClock()
  const app = await build(t, { authKeyRotation: '1h' }, { now: clock.now })
  const { rotate, maintain } = app.core.signingKeys
  await t.rejects(rotate(), { name: 'KeyTooYoung', readyAt: new Date(clock.now() + 10 * MINUTE) })
  t.same(states(app), ['current', 'next'])
  clock.advance(10 * MINUTE)
  await rotate()
  t.same(states(app), ['retired', 'current', 'next'])
  await t.rejects(rotate(), { name: 'KeyTooYoung' })
  clock.advance(55 * MINUTE)
  await rotate({ force: true })
  clock.advance(5 * MINUTE)
  await maintain()
  t.equal(await rotations(app), 2, 'the schedule counts from the last rotation, whoever asked for it')
  clock.advance(55 * MINUTE)
  await maintain()
  t.equal(await rotations(app), 3)
})

t.test('services that are due at the same moment rotate once', async t => {
  const clock = testClock()
  const [a, b] = await two(t, { authKeyRotation: '1d' }, { now: clock.now })
  // The first round would still be purging while the days go by, in one of them sooner than in the other.
  for (const app of [a, b]) await app.core.housekeeping.stop()
  for (const expected of [1, 2, 3]) {
    clock.advance(DAY)
    await Promise.all([a, b, a, b].map(app => app.core.signingKeys.maintain()))
    t.equal(await rotations(a), expected)
    t.same(kids(a), kids(b))
    t.same(states(a), states(b))
  }
})

t.test('a service that was off for long rotates when it starts, and refuses no token that is valid', async t => {
  const clock = testClock()
  const folder = t.testdir({})
  const options = { ...onDisk(folder), authAccessTtl: '1d', authRefreshTtl: '2d', authKeyRotation: '1h' }
  const first = await build(t, options, { now: clock.now })
  await client(first).register()
  const { access } = await client(first).login()
  await first.close()
  clock.advance(DAY - MINUTE)
  const second = await build(t, options, { now: clock.now })
  await until(async () => (await rotations(second)) === 1)
  await until(() => states(second).length === 3)
  t.equal((await client(second).protected(access)).statusCode, 200)
  t.not(header((await client(second).login()).access).kid, header(access).kid)
  await second.close()
  clock.advance(365 * DAY)
  const third = await build(t, options, { now: clock.now })
  await until(async () => (await rotations(third)) === 2)
  t.equal((await client(third).protected((await client(third).login()).access)).statusCode, 200)
})

t.test('a retired key is published until no token of it can be valid', async t => {
  const clock = testClock()
  const app = await build(t, { authAccessTtl: '1d', authRefreshTtl: '2d' }, { now: clock.now })
  const http = client(app)
  await http.register()
  clock.advance(HOUR)
  const { access } = await http.login()
  await app.core.signingKeys.rotate()
  clock.advance(DAY - 1000)
  await app.core.housekeeping.sweep()
  await app.core.signingKeys.reload()
  t.equal((await http.protected(access)).statusCode, 200, 'in its last second')
  clock.advance(1000)
  t.equal((await http.protected(access)).statusCode, 401)
  clock.advance(HOUR + 1)
  await app.core.housekeeping.sweep()
  await app.core.signingKeys.reload()
  t.same(states(app), ['current', 'next'])
})

t.test('what one service signs after rotations, another on the same file accepts at once', async t => {
  const [a, b] = await two(t)
  await client(a).register()
  const tokens: string[] = []
  for (const [signs, rotates] of [
    [a, a],
    [b, b],
    [a, b],
    [b, a]
  ] as const) {
    await rotates.core.signingKeys.rotate({ force: true })
    await rotates.core.signingKeys.rotate({ force: true })
    tokens.push((await client(signs).login()).access)
    for (const access of tokens) {
      t.equal((await client(a).protected(access)).statusCode, 200)
      t.equal((await client(b).protected(access)).statusCode, 200)
    }
  }
})

t.test('a running service signs with the new key soon after another one rotated, without a request', async t => {
  const [a, b] = await two(t)
  await a.core.signingKeys.rotate({ force: true })
  await until(() => kids(b).join() === kids(a).join())
  await client(b).register()
  t.equal(header((await client(b).login()).access).kid, kids(a)[1])
})

t.test('unknown keys in tokens make the database read its keys ten times a second at most', async t => {
  const app = await build(t)
  // It reads too, but not for tokens.
  await app.core.housekeeping.stop()
  const { database } = app
  const read = database.read
  let reads = 0
  database.read = work => {
    reads += 1
    return read(work)
  }
  const garbage = () =>
    `${encode({ alg: 'ES256', typ: 'at+jwt', kid: randomBytes(32).toString('base64url') })}.${encode({})}.AAAA`
  const began = performance.now()
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => client(app).protected(garbage())))
    t.ok(answers.every(({ statusCode }) => statusCode === 401))
  }
  const most = 2 + (performance.now() - began) / 100
  t.ok(reads <= most, `${reads} reads for 500 tokens`)
  reads = 0
  for (const kid of ['x', '', '__proto__', 7, null, 'a'.repeat(1000)])
    await client(app).protected(`${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode({})}.AAAA`)
  t.equal(reads, 0, 'and none for what is no thumbprint')
})

t.test('rotating under load fails no request, and no verifier that keeps the key set for its five minutes', async t => {
  const clock = testClock()
  // The clock runs fast here, and no token shall expire on the way to a check.
  const lives = { authAccessTtl: '1d', authRefreshTtl: '2d' }
  const [a, b] = await two(t, { authKeyRotation: '1h', ...lives }, { now: clock.now })
  const urls = await Promise.all([a, b].map(async app => `http://127.0.0.1:${await listen(app)}`))
  await client(a).register()
  const failures: unknown[] = []
  let checks = 0
  let over = false

  const call = async (url: string, path: string, init: RequestInit = {}) => {
    const answer = await fetch(url + path, init)
    const body = (await answer.json()) as { access: string; refresh: string }
    if (answer.status !== 200) failures.push([path, answer.status, body])
    return body
  }
  // One verifier for each service: it reads the keys when its copy is five minutes old, and for no other reason.
  const verifiers = urls.map(url => {
    let copy: { keys: Promise<JSONWebKeySet>; readAt: number } | undefined
    return async (token: string) => {
      if (!copy || clock.now() - copy.readAt > 5 * MINUTE)
        copy = {
          readAt: clock.now(),
          keys: fetch(`${url}/.well-known/jwks.json`).then(answer => answer.json()) as never
        }
      const keys = createLocalJWKSet(await copy.keys)
      await jwtVerify(token, keys, { typ: 'at+jwt', currentDate: new Date(clock.now()) })
    }
  })
  const anyOf = <Item>(items: readonly Item[]) => items[checks % items.length] as Item
  const holder = async () => {
    let tokens = await client(a).login()
    while (!over) {
      const seen = tokens.access
      const headers = { authorization: `Bearer ${seen}` }
      const results = await Promise.allSettled([
        ...urls.map(url => call(url, '/api/protected/', { headers })),
        ...verifiers.map(verify => verify(seen))
      ])
      failures.push(...results.filter(({ status }) => status === 'rejected'))
      checks += results.length
      tokens = await call(anyOf(urls), '/api/refresh/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh: tokens.refresh })
      })
    }
  }
  const load = Array.from({ length: 8 }, holder)
  const until = performance.now() + 1500
  let rotated = 0
  // On a slow machine for longer: there has to be a load to speak of.
  while (performance.now() < until || checks <= 100) {
    // Eleven minutes in steps: in each, verifiers look at the age of their copy, and housekeeping runs.
    for (let step = 0; step < 11; step++) {
      clock.advance(MINUTE)
      await Promise.all([a, b].map(app => app.core.signingKeys.maintain()))
      await sleep(15)
    }
    await [a, b][rotated % 2]?.core.signingKeys.rotate()
    rotated += 1
  }
  over = true
  await Promise.all(load)
  t.same(failures, [])
  t.ok(rotated >= 2 && checks > 100, `${rotated} rotations, ${checks} checks`)
})
