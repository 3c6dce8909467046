import t from 'tap'
import { DAY, forge, operatorsKeys, trailService, verify } from './trail.ts'

const keys = await operatorsKeys()
const fail = { username: 'ada', password: 'wrong' }

t.test('rows go when they are older than AUTH_AUDIT_RETENTION, and what is left can still be verified', async t => {
  const { app, http, clock, path, minute } = await trailService(t, { authAuditRetention: '10d' })
  const { auditEvents, auditSeals } = app.database.tables
  const seals = app.database.prepare('test_seals', q => q.select().from(auditSeals))
  const all = app.database.prepare('test_rows', q => q.select().from(auditEvents).orderBy(auditEvents.id))
  const events = async () => (await app.database.read(all())).map(({ event }) => event)
  await http.register()
  await minute()
  clock.advance(5 * DAY)
  await http.post('/api/login/', fail)
  await minute()
  clock.advance(5.5 * DAY)
  await minute()
  t.same(await events(), ['user_created', 'authn_login_fail'], 'up to a day later, for they go once a day')
  clock.advance(0.5 * DAY)
  await minute()
  await minute()
  t.same(await events(), ['authn_login_fail', 'sys_audit_purged'])
  t.match(verify(path, keys), { rows: 2, unsealed: 0, tampering: undefined })
  clock.advance(12 * DAY)
  await minute()
  await minute()
  t.same(await events(), ['sys_audit_purged'], 'which is removed by the next one')
  t.match(verify(path, keys), { rows: 1, tampering: undefined })
  t.equal((await app.database.read(seals())).length, 2, 'the seals of what is gone go, too, but for the last')

  await app.close()
  const cases: Record<string, string> = {
    'the record of the removal': `DELETE FROM audit_events WHERE event = 'sys_audit_purged'`,
    'the seal before what is left':
      'DELETE FROM audit_seals WHERE through_id = (SELECT min(through_id) FROM audit_seals)',
    'all seals': 'DELETE FROM audit_seals'
  }
  for (const [name, sql] of Object.entries(cases)) {
    const copy = forge(path, name, sqlite => sqlite.exec(sql))
    t.ok(verify(copy, keys).tampering, `${name} must be there`)
  }
})

t.test('what is not sealed stays, and so does all with a retention of 0', async t => {
  const kept = await trailService(t, { authAuditRetention: '0' })
  await kept.http.register()
  await kept.http.login()
  await kept.minute()
  kept.clock.advance(4000 * DAY)
  await kept.minute()
  t.match(verify(kept.path, keys), { rows: 2, tampering: undefined })

  const late = await trailService(t, { authAuditRetention: '1d' })
  await late.http.register()
  late.clock.advance(5 * DAY)
  await late.minute()
  t.match(verify(late.path, keys), { rows: 1, seals: 1, tampering: undefined }, 'it has been sealed but now')
  late.clock.advance(1.1 * DAY)
  await late.minute()
  const { rows, tampering } = verify(late.path, keys)
  t.same([rows, tampering], [1, undefined], 'and is gone a day after that')
})

t.test('a removal that was interrupted does not look like a forgery', async t => {
  const { app, clock, path, minute } = await trailService(t, { authAuditRetention: '1d' })
  const record = () => app.core.login.withPassword('nobody', 'x', { ip: '192.0.2.1', userAgent: undefined })
  await t.rejects(record())
  await minute()
  clock.advance(3 * DAY)
  await minute()
  await app.close()
  const copy = forge(path, 'interrupted', sqlite => {
    const through = JSON.parse(sqlite.prepare('SELECT detail FROM audit_events').pluck().get() as string).through
    sqlite
      .prepare(`INSERT INTO audit_events (id, at, event, detail) VALUES (?, 0, 'authn_login_fail', '{}')`)
      .run(through)
  })
  t.equal(verify(copy, keys).tampering, undefined)
})
