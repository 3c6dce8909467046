import t from 'tap'
import { build, client } from './helper.ts'

t.test('what happens to an account is on record, with who, where and in which session', async t => {
  const app = await build(t)
  const http = client(app)
  const { id } = (await http.register()).json()
  const tokens = await http.login()
  await http.post('/api/login/', { username: 'ada', password: 'wrong horse' })
  await http.post('/api/login/', { username: 'nobody', password: 'wrong horse' })
  await http.changePassword(tokens.access, 'wrong horse', 'battery staple')
  await http.changePassword(tokens.access, 'correct horse', 'battery staple')
  await http.refresh(tokens.refresh)
  await http.logout(tokens.refresh)

  const { auditEvents } = app.database.tables
  const all = app.database.prepare('test_audit', q => q.select().from(auditEvents).orderBy(auditEvents.id))
  const events = await app.database.read(all())
  t.same(
    events.map(({ event }) => event),
    [
      'user_created',
      'authn_login_success',
      'authn_login_fail',
      'authn_login_fail',
      'authn_password_change_fail',
      'authn_password_change',
      'authn_token_revoked'
    ],
    'a refresh adds no row: nothing grows with it'
  )
  t.same(
    events.map(({ userId }) => userId),
    [id, id, id, null, id, id, id]
  )
  t.ok(events.every(({ ip }) => ip === '127.0.0.1'))
  const { sid } = JSON.parse(Buffer.from(tokens.access.split('.')[1] ?? '', 'base64url').toString())
  t.same(
    events.filter(({ sessionId }) => sessionId).map(({ sessionId }) => sessionId),
    [sid, sid, sid, sid]
  )
  const written = JSON.stringify(events)
  t.notMatch(written, /horse|staple|nobody|eyJ/, 'no password, no token, no name of somebody who may not exist')
})

t.test('an event that was rolled back with its cause is not on record', async t => {
  const app = await build(t)
  const http = client(app)
  const answers = await Promise.all([http.register('ada'), http.register('ADA')])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 400])
  const { auditEvents } = app.database.tables
  const all = app.database.prepare('test_audit', q => q.select().from(auditEvents))
  t.equal((await app.database.read(all())).length, 1)
})
