import t, { type Test } from 'tap'
import { type Options, resolveConfig } from '../../src/config.ts'
import { createLegacyTokens } from '../../src/core/legacy-tokens.ts'
import { createRevocations } from '../../src/core/revocations.ts'
import type { Granted } from '../../src/core/rotation-batches.ts'
import { createSessionRotation } from '../../src/core/session-rotation.ts'
import { createSessions, type Session } from '../../src/core/sessions.ts'
import { LIST_SIZE, statusClaim, statusIndexOf } from '../../src/core/status-claim.ts'
import { createStatusIndexes } from '../../src/core/status-indexes.ts'
import { open, statements } from '../db/store.ts'
import { testClock } from '../helper.ts'

const DAY = 86_400_000
const ORIGIN = { ip: '192.0.2.1', userAgent: undefined }
const ISSUER = 'http://auth.test'

let named = 0

/** The parts of the core that give indexes out, over a store of their own. */
async function parts(test: Test, settings: Options = {}) {
  const clock = testClock()
  const { db } = await open(test)
  await db.write(() => statements(db).addUser({ id: 'ada', username: 'ada', email: 'ada@example.com' }))
  const under = (settings: Options) => {
    const indexes = createStatusIndexes(db, clock.now)
    const config = resolveConfig({ databaseUrl: 'sqlite::memory:', ...settings })
    const revocations = createRevocations(db, config.authAccessTtl, clock.now)
    const legacyTokens = createLegacyTokens(db, config, revocations, clock.now)
    const sessions = createSessions(db, config, revocations, indexes, legacyTokens, clock.now)
    return { indexes, sessions, rotation: createSessionRotation(db, config, clock.now), config }
  }
  const { statusEntries } = db.tables
  const entries = db.prepare(`test_entries_${named++}`, q => q.select().from(statusEntries))
  return { db, clock, under, ...under(settings), entries: () => db.read(entries()) }
}

t.test('a claim names the list and the place in it, and leads back to the index', t => {
  for (const [index, list, idx] of [
    [0, 0, 0],
    [LIST_SIZE - 1, 0, LIST_SIZE - 1],
    [LIST_SIZE, 1, 0],
    [3 * LIST_SIZE + 7, 3, 7]
  ] as const) {
    const claim = statusClaim(ISSUER, index)
    t.same(claim, { status_list: { idx, uri: `${ISSUER}/status-lists/${list}` } })
    t.equal(statusIndexOf(claim), index)
  }
  t.end()
})

t.test('sessions that begin at the same moment have different indexes', async t => {
  const { db, sessions } = await parts(t)
  const begun = await Promise.all(
    Array.from({ length: 200 }, () => db.write(() => sessions.start('ada', ['pwd'], ORIGIN)))
  )
  t.equal(new Set(begun.map(({ statusIndex }) => statusIndex)).size, 200)
})

t.test('a revoked token is refused by the list, and its session goes on under another index', async t => {
  const { db, clock, sessions, rotation, indexes, entries } = await parts(t)
  const { id: sid, jti, statusIndex } = await db.write(() => sessions.start('ada', ['pwd'], ORIGIN))
  const status = statusClaim(ISSUER, statusIndex as number)
  await db.write(() => indexes.refuse({ sid, status }))
  t.match(await entries(), [{ statusIndex, invalid: true }])
  const { session: moved } = (await db.write(() => rotation.rotate(sid, jti))) as Granted
  t.not(moved.statusIndex, statusIndex)
  await db.write(() => indexes.refuse({ sid, status }))
  t.equal((await db.read(sessions.find(sid)))?.statusIndex, moved.statusIndex, 'a second time changes nothing')
  clock.advance(DAY)
  t.not(
    await db.write(() => indexes.takeForToken(clock.now())),
    statusIndex,
    'other tokens that name it may still live'
  )
})

t.test(
  'a token without a session has an index of its own, which is free again some time after it has expired',
  async t => {
    const { db, clock, indexes, entries } = await parts(t)
    const take = () => db.write(() => indexes.takeForToken(clock.now() + 60_000))
    const index = await take()
    t.match(await entries(), [{ statusIndex: index, invalid: false }])
    await db.write(() => indexes.refuse({ sid: undefined, status: statusClaim(ISSUER, index) }))
    t.match(await entries(), [{ statusIndex: index, invalid: true }])
    clock.advance(60_000 + 900_000)
    t.not(await take(), index)
    clock.advance(1)
    t.equal(await take(), index)
    t.match(
      (await entries()).find(({ statusIndex }) => statusIndex === index),
      { invalid: false }
    )
  }
)

t.test('indexes that a failed transaction did not take after all are taken before new ones are made', async t => {
  const { db, clock, indexes } = await parts(t)
  const take = () => db.write(() => indexes.takeForToken(clock.now() + 60_000))
  const first = await take()
  clock.advance(1)
  const before = [first, await take()]
  clock.advance(60_000 + 900_001)
  const failing = db.write(function* () {
    for (const _ of before) yield* indexes.takeForToken(clock.now() + 60_000)
    throw new Error('after taking them')
  })
  await t.rejects(failing, { message: 'after taking them' })
  t.same([await take(), await take()].sort(), before)
  t.notOk(before.includes(await take()))
})

t.test(
  'the index of a session that expired is free again when the tokens from before shorter settings have expired',
  async t => {
    const { db, clock, under, sessions } = await parts(t, { authAccessTtl: '1d', authRefreshTtl: '1d' })
    const { id, jti, statusIndex } = await db.write(() => sessions.start('ada', ['pwd'], ORIGIN))
    const shorter = under({ authAccessTtl: '1s', authRefreshTtl: '1s', authSessionTtl: '1s' })
    const beginAfter = async (milliseconds: number) => {
      clock.advance(milliseconds)
      await db.write(() => sessions.purge())
      return (await db.write(() => sessions.start('ada', ['pwd'], ORIGIN))).statusIndex
    }
    await db.write(() => shorter.rotation.rotate(id, jti))
    t.not(await beginAfter(2000), statusIndex, 'the session is gone, its first token is not')
    t.equal((await db.read(sessions.find(id)))?.id, undefined)
    t.not(await beginAfter(DAY), statusIndex)
    t.equal(await beginAfter(900_000), statusIndex)
  }
)

t.test('a token that names no index is not looked for', async t => {
  const { db, indexes, entries } = await parts(t)
  await db.write(() => indexes.refuse({ sid: 's' }))
  await db.write(() => indexes.refuse({ sid: 's', status: statusClaim(ISSUER, 5) }))
  t.same(await entries(), [])
})

for (const [seed, settings] of [
  { authAccessTtl: '5m', authRefreshTtl: '1h', authSessionTtl: '2h' },
  { authAccessTtl: '1d', authRefreshTtl: '1d', authSessionTtl: '3d' },
  { authAccessTtl: '1s', authRefreshTtl: '1s', authSessionTtl: '1s' }
].entries()) {
  t.test(
    `no index is given out twice while a token names it, whatever happens (${settings.authAccessTtl})`,
    async t => {
      const { db, clock, sessions, rotation, indexes, config, entries } = await parts(t, settings)
      const random = generator(seed + 1)
      const below = (limit: number) => Math.floor(random() * limit)
      const tokens: Array<{ holder: string; sid?: string; index: number; exp: number; refused: boolean }> = []
      const living: Session[] = []
      const clashes: string[] = []
      let reused = 0

      const issue = (holder: string, index: number, exp: number, sid?: string) => {
        const others = tokens.filter(token => token.index === index && token.holder !== holder)
        if (others.some(other => clock.now() < other.exp)) clashes.push(`${holder} got ${index} too early`)
        reused += others.length > 0 ? 1 : 0
        tokens.push({ holder, index, exp, refused: false, ...(sid && { sid }) })
      }
      const issueOf = ({ id, statusIndex, idleExpiresAt }: Session) =>
        issue(id, statusIndex as number, Math.min(clock.now() + config.authAccessTtl, idleExpiresAt.getTime()), id)
      const pick = () => living.splice(below(living.length), 1)[0]

      const steps: Array<() => Promise<void>> = [
        async () => {
          const session = await db.write(() => sessions.start('ada', ['pwd'], ORIGIN))
          issueOf(session)
          living.push(session)
        },
        async () => {
          const session = pick()
          const rotated = session && (await db.write(() => rotation.rotate(session.id, session.jti)))
          if (!rotated) return
          issueOf(rotated.session)
          living.push(rotated.session)
        },
        async () => {
          const session = pick()
          if (!session || !(await db.write(() => sessions.end(session.id, 'logout')))) return
          for (const token of tokens.filter(({ sid }) => sid === session.id)) token.refused = true
        },
        async () => {
          const exp = clock.now() + config.authAccessTtl
          issue(`machine ${tokens.length}`, await db.write(() => indexes.takeForToken(exp)), exp)
        },
        async () => {
          const alive = tokens.filter(({ exp }) => clock.now() < exp)
          const token = alive[below(alive.length)]
          if (!token) return
          await db.write(() => indexes.refuse({ ...token, status: statusClaim(ISSUER, token.index) } as never))
          for (const same of alive.filter(({ index }) => index === token.index)) same.refused = true
        },
        async () => {
          await db.write(() => sessions.purge())
        },
        async () => clock.advance(below(config.authRefreshTtl)),
        async () => clock.advance(below(2 * DAY))
      ]
      const weights = [8, 8, 3, 4, 2, 2, 4, 1]
      const bag = weights.flatMap((weight, step) => Array.from({ length: weight }, () => steps[step]))
      for (let step = 0; step < 1500; step++) {
        await bag[below(bag.length)]?.()
        if (step % 50 > 0) continue
        const invalid = new Set((await entries()).filter(entry => entry.invalid).map(entry => entry.statusIndex))
        for (const { index, exp, refused } of tokens) {
          if (clock.now() < exp && invalid.has(index) !== refused) clashes.push(`${index} should be ${refused}`)
        }
      }
      t.same(clashes, [])
      t.ok(reused > 100, `${reused} were given out again`)
      const highest = await db.read(indexes.highest())
      t.ok(highest < tokens.length / 2, `${highest} is far below the ${tokens.length} tokens`)
    }
  )
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
