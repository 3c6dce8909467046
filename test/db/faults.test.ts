import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { StoreUnavailable } from '../../src/db/database.ts'
import { open, run, withFilesUpTo } from './store.ts'

const many = Array.from({ length: 50 }, (_, i) => `${i}`)

t.test('a lock held for a second by another process delays writes and blocks nothing', async t => {
  const { path, insert, jtis } = await open(t)
  await insert('first')
  const holder = run(t, ['hold', path, '1000'])
  t.equal(await holder.line(), 'locked')
  const began = performance.now()
  let turns = 0
  const ticking = setInterval(() => turns++, 10)
  const writes = Promise.all(many.map(jti => insert(jti)))
  t.same(await jtis(), ['first'], 'reads answer meanwhile')
  await writes
  clearInterval(ticking)
  t.ok(performance.now() - began > 500, 'the writes waited for the lock')
  // A busy wait would leave none; a machine that is busy otherwise takes some of them.
  t.ok(turns >= 3, `the event loop went on turning (${turns} times)`)
  t.same(await jtis(), ['first', ...many], 'in the order they were asked for')
})

t.test('a lock held for longer than two seconds refuses the writes, applies none, and the store recovers', async t => {
  const { path, insert, jtis } = await open(t)
  const holder = run(t, ['hold', path, '3000'])
  await holder.line()
  const began = performance.now()
  const early = Promise.allSettled(many.map(jti => insert(jti)))
  await sleep(1_500)
  const later = insert('later')
  const outcomes = await early
  const waited = performance.now() - began
  t.ok(waited >= 2_000 && waited < 2_500, `refused after ${waited.toFixed(0)} ms`)
  for (const outcome of outcomes)
    if (outcome.status === 'fulfilled' || !(outcome.reason instanceof StoreUnavailable)) t.fail('a write got through')
  t.match(outcomes[0], { reason: { cause: { code: 'SQLITE_BUSY' } } })
  t.same(await jtis(), [], 'reads answer from what is committed')
  await later
  await holder.exit
  t.same(await jtis(), ['later'], 'a write waits from when it was asked for; the refused ones stay away')
})

/** A store that may not grow, with an account in it; `grow` writes more to the account than there is room for. */
async function full(t: Test) {
  const store = await open(t)
  const { users } = store.db.tables
  const email = sql`${sql.placeholder('email')}`
  const grow = store.db.prepare('grow', q => q.update(users).set({ email }).returning({ id: users.id }))
  await store.db.write(() => store.addUser({ id: '1', username: 'ada', email: null }))
  await store.insert('first')
  store.connection.pragma(`max_page_count = ${store.connection.pragma('page_count', { simple: true })}`)
  return { ...store, grow }
}

t.test('a write for which the disk has no room is refused alone while the others still fit', async t => {
  const { connection, insert, jtis } = await full(t)
  const large = 'x'.repeat(20_000)
  const outcomes = await Promise.allSettled([insert('before'), insert('large', large), insert('after')])
  t.match(outcomes[1], { reason: { name: 'StoreUnavailable', cause: { code: 'SQLITE_FULL' } } })
  t.same(await jtis(), ['first', 'before', 'after'])
  connection.pragma('max_page_count = 100000')
  await insert('again', large)
  t.same(await jtis(), ['first', 'before', 'after', 'again'])
})

t.test('a full disk that ends the transaction refuses its whole batch, and the store recovers', async t => {
  const { db, connection, add, grow, insert, jtis } = await full(t)
  const events: string[] = []
  const email = 'x'.repeat(20_000)
  const outcomes = await Promise.allSettled([
    insert('before'),
    db.write(function* () {
      try {
        yield* grow({ email })
      } catch {
        events.push('caught')
      } finally {
        events.push('finally')
        yield* add({ jti: 'outside of the transaction', reason: 'r' })
        events.push('went on')
      }
    }),
    insert('after')
  ])
  for (const { reason } of outcomes as PromiseRejectedResult[])
    t.match(reason, { name: 'StoreUnavailable', cause: { code: 'SQLITE_FULL' } })
  t.same(events, ['finally'], 'work cannot take a failing store for success')
  t.same(await jtis(), ['first'])
  connection.pragma('max_page_count = 100000')
  await Promise.all([insert('again'), db.write(() => grow({ email }))])
  t.same(await jtis(), ['first', 'again'])
})

t.test('a commit that the disk refuses applies nothing of its batch', async t => {
  const { path } = await open(t)
  const [report = '{}'] = await run(t, ['fill', path], withFilesUpTo(1000)).rest()
  const { code, acknowledged, present, again } = JSON.parse(report)
  t.match(code, /^SQLITE_(IOERR|FULL)/)
  t.ok(acknowledged.length > 10)
  t.same(present, acknowledged)
  t.equal(again, 'fulfilled', 'a log that was full has room')
  t.same(await (await open(t, path)).jtis(), [...acknowledged, 'again'], 'nor after a restart')
})

t.test('damage that is found later makes reads and writes unavailable', async t => {
  const { connection, insert, jtis } = await open(t)
  await insert('a')
  connection.unsafeMode().exec('PRAGMA writable_schema = ON')
  const root = connection.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'revoked_jti'").pluck().get()
  connection.exec(`UPDATE sqlite_schema SET rootpage = ${Number(root) + 10_000} WHERE name = 'revoked_jti'`)
  connection.exec('PRAGMA schema_version = 99')
  await t.rejects(jtis(), { name: 'StoreUnavailable', cause: { code: /^SQLITE_CORRUPT/ } })
  await t.rejects(insert('b'), StoreUnavailable)
})

t.test('two processes that write at once lose nothing', async t => {
  const { path, jtis } = await open(t)
  const said = await Promise.all([run(t, ['write', path, 'a:2000']).rest(), run(t, ['write', path, 'b:2000']).rest()])
  t.equal(said.flat().length, 4_000)
  t.same(new Set(await jtis()), new Set(said.flat()))
})

t.test('what was acknowledged before SIGKILL is there afterwards', async t => {
  const path = `${t.testdir({})}/postern.db`
  for (const life of ['a', 'b', 'c']) {
    const writer = run(t, ['write', path, `${life}:1000000`])
    const first = await writer.line()
    setTimeout(writer.kill, 200)
    const acknowledged = [first, ...(await writer.rest())]
    const { jtis, db, connection } = await open(t, path)
    const present = new Set(await jtis())
    t.ok(acknowledged.length > 50, `${acknowledged.length} writes were acknowledged`)
    t.same(
      acknowledged.filter(jti => !present.has(jti)),
      []
    )
    t.equal(connection.pragma('integrity_check', { simple: true }), 'ok')
    await db.close()
  }
})
