import Sqlite from 'better-sqlite3'
import t from 'tap'
import { resolveConfig } from '../../src/config.ts'
import { createAudit } from '../../src/core/audit.ts'
import { createAuditSeals } from '../../src/core/audit-seals.ts'
import { openSecrets } from '../../src/core/secrets.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { type TestClock, testClock } from '../helper.ts'
import { MINUTE, operatorsKeys, trailService, verify } from './trail.ts'

const keys = await operatorsKeys()

/** What writes to a trail and seals it, as each process does. */
async function writer(t: Parameters<typeof trailService>[0], path: string, clock: TestClock) {
  const db = await openSqlite(path)
  t.teardown(() => db.close())
  const secrets = await openSecrets(resolveConfig({ authSecret: 'a master secret of these tests, long enough' }), true)
  const audit = createAudit(db, secrets, clock.now)
  const record = (times = 1) =>
    db.write(function* () {
      for (let left = times; left > 0; left--)
        yield* audit.record({ event: 'authn_login_fail', ip: '192.0.2.1', detail: { b: 1, a: [{ d: 2, c: 3 }] } })
    })
  return { record, ...createAuditSeals({ db, secrets, audit, now: clock.now }), catchUp: audit.catchUp }
}

t.test('what is older than ten seconds is sealed each minute, and nothing is where nothing happened', async t => {
  const { http, path, clock, app, minute } = await trailService(t)
  await http.register()
  clock.advance(9_999)
  await app.core.housekeeping.sweep()
  t.match(verify(path, keys), { seals: 0, unsealed: 1 })
  await minute()
  t.match(verify(path, keys), { seals: 1, unsealed: 0, rows: 1 })
  await minute()
  t.equal(verify(path, keys).seals, 1)
  await http.login()
  await minute()
  t.match(verify(path, keys), { seals: 2, unsealed: 0, rows: 2, tampering: undefined })
})

t.test('a service that ends seals what there is', async t => {
  const { app, http, clock, path } = await trailService(t)
  await http.register()
  clock.advance(MINUTE)
  await app.close()
  t.match(verify(path, keys), { seals: 1, unsealed: 0 })
})

t.test('many rows get several seals, and several processes that seal at once make one chain', async t => {
  const path = `${t.testdir({})}/a.db`
  const clock = testClock()
  const [a, b] = await Promise.all([writer(t, path, clock), writer(t, path, clock)])
  for (let round = 0; round < 4; round++) {
    clock.advance(1000)
    await Promise.all([a.record(300), b.record(300)])
  }
  clock.advance(MINUTE)
  await Promise.all([a.seal(), b.seal(), a.seal(), b.seal()])
  await a.seal()
  t.match(verify(path, keys), { rows: 2400, seals: 5, unsealed: 0, tampering: undefined })
})

t.test('a clock that was set back makes no row look inserted', async t => {
  const path = `${t.testdir({})}/a.db`
  const clock = testClock()
  const [a, b] = await Promise.all([writer(t, path, clock), writer(t, path, clock)])
  await a.record(3)
  clock.advance(MINUTE)
  await a.seal()
  clock.advance(-60 * MINUTE)
  await b.catchUp()
  await b.record(2)
  const c = await writer(t, path, clock)
  await c.catchUp()
  await c.record(2)
  clock.advance(MINUTE)
  await c.seal()
  t.match(verify(path, keys), { rows: 7, seals: 2, unsealed: 0, tampering: undefined })
})

t.test('an id from far ahead that somebody made up does not take the order away', async t => {
  const path = `${t.testdir({})}/a.db`
  const clock = testClock()
  const a = await writer(t, path, clock)
  const sqlite = new Sqlite(path)
  sqlite
    .prepare(
      `INSERT INTO audit_events (id, at, event, detail) VALUES ('ffffffff-ffff-7fff-bfff-ffffffffffff', 0, 'x', '{}')`
    )
    .run()
  await a.catchUp()
  await a.record()
  t.match(sqlite.prepare('SELECT min(id) FROM audit_events').pluck().get(), /^019c/)
  sqlite.close()
})
