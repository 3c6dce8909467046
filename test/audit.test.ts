import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { AUDIT_EVENTS } from '../src/core/audit.ts'
import { accountService } from './accounts/service.ts'
import { build, client } from './helper.ts'
import { oauthClient, registered } from './routes/oauth-client.ts'

function rowsOf({ database }: FastifyInstance) {
  const { auditEvents } = database.tables
  return database.read(database.prepare('test_audit', q => q.select().from(auditEvents).orderBy(auditEvents.id))())
}

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

  const events = await rowsOf(app)
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
  t.notMatch(written, /horse|staple|nobody|eyJ[\w-]+\./, 'no password, no token, no name of somebody who may not exist')
})

t.test('an event that was rolled back with its cause is not on record', async t => {
  const app = await build(t)
  const http = client(app)
  const answers = await Promise.all([http.register('ada'), http.register('ADA')])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 400])
  t.equal((await rowsOf(app)).length, 1)
})

t.test('every flow leaves its event, and none leaves a secret', async t => {
  const { app, clock, letters, letter, ...http } = await accountService(t)
  const secrets = new Set<string>()
  const secret = (text: string): string => {
    secrets.add(text)
    return text
  }
  const [password, changed, reset] = ['correct horse', 'battery staple', 'another good one'].map(secret)
  const enter = async (username: string, given = password) => {
    const pair = await http.login(username, given)
    for (const token of [pair.access, pair.refresh]) secret(token)
    return pair
  }
  const mailed = async (to: string) => {
    const { token, code } = (await letters()).find(one => one.to === to && one.token !== '') ?? (await letter())
    secret(code)
    return secret(token)
  }
  const done = async (answer: Promise<{ statusCode: number; body: string }>, status: number) => {
    const { statusCode, body } = await answer
    t.equal(statusCode, status, body)
  }
  const send = (method: 'DELETE' | 'PATCH', url: string, access: string, payload: object) =>
    http.send({ method, url, payload, headers: { authorization: `Bearer ${access}` } })

  await app.core.registration.create({ username: 'root', email: null, password: `${password}`, roles: ['admin'] })
  await http.register('ada', password)
  await done(http.post('/api/verify-email/', { token: await mailed('ada@example.com') }), 200)
  await http.register('eve', password)
  await done(http.post('/api/verify-email/disown/', { token: await mailed('eve@example.com') }), 204)
  await http.post('/api/login/', { username: secret('a password in the wrong field'), password: secret('wrong guess') })
  const ada = await enter('ada')
  await letters()
  await done(http.changePassword(ada.access, secret('wrong horse'), `${changed}`), 400)
  await done(http.changePassword(ada.access, `${password}`, `${changed}`), 200)
  await done(send('PATCH', '/api/me/', ada.access, { username: 'ada2' }), 200)
  const [new_email, address] = ['ada@example.org', 'nobody@example.net'].map(secret)
  await done(http.post('/api/change-email/', { password: 'wrong horse', new_email }, ada.access), 400)
  await done(http.post('/api/change-email/', { password: changed, new_email }, ada.access), 202)
  await done(http.post('/api/change-email/confirm/', { token: await mailed('ada@example.org') }), 200)
  await letters()
  await done(http.post('/api/password-reset/', { email: address }), 202)
  await done(http.post('/api/password-reset/', { email: new_email }), 202)
  const link = { token: await mailed('ada@example.org'), new_password: reset }
  await done(http.post('/api/password-reset/confirm/', link), 204)
  const again = await enter('ada2', reset)
  await done(http.refresh(again.refresh), 200)
  clock.advance(60_000)
  await done(http.refresh(again.refresh), 401)
  await done(http.logout((await enter('ada2', reset)).refresh), 204)
  await done(http.post('/api/logout-all/', {}, (await enter('ada2', reset)).access), 204)

  const root = await enter('root')
  await done(http.get('/api/admin/audit/', root.access), 200)
  await done(http.post('/api/invitations/', { email: 'grace@example.com' }, root.access), 202)
  await done(send('DELETE', '/api/invitations/', root.access, { email: 'grace@example.com' }), 204)
  const last = await enter('ada2', reset)
  await done(http.get('/api/admin/audit/', last.access), 403)
  await done(send('DELETE', '/api/me/', last.access, { password: 'wrong horse' }), 400)
  await done(send('DELETE', '/api/me/', last.access, { password: reset }), 204)

  const client = await registered(app, ['reports:read'])
  secret(client.secret)
  secret(await oauthClient(app, client).machine())
  secret((await app.core.clients.rotateSecret(client.id)).secret)
  await app.core.clients.delete(client.id)
  await app.core.signingKeys.rotate({ force: true })
  await app.core.signingKeys.revokeAll()

  const rows = await rowsOf(app)
  const elsewhere = [
    'authn_login_lock', // test/guessing.test.ts
    'authz_change', // test/cli/user-control.test.ts
    'user_imported', // test/cli/audit.test.ts
    'sys_key_replaced', // test/core/key-algorithms.test.ts
    'sys_audit_purged' // test/audit/retention.test.ts
  ]
  const found = [...new Set(rows.map(({ event }) => event)), ...elsewhere].sort()
  t.same(found, [...AUDIT_EVENTS].sort(), 'these are all')
  const written = JSON.stringify(rows)
  t.ok(secrets.size > 25)
  for (const text of secrets) t.notOk(written.includes(text), text)
  t.notMatch(written, /eyJ[\w-]+\.|argon2|example\.(com|net|org)/)
})

t.test('every event is explained, and no other', async t => {
  const page = await readFile(join(import.meta.dirname, '..', 'docs', 'audit.md'), 'utf8')
  const explained = [...page.matchAll(/^\| `(\w+)` \| \S.+ \| .*\|$/gm)].map(([, event]) => event)
  t.same(explained.sort(), [...AUDIT_EVENTS].sort())
})
