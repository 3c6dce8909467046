import { hash } from 'node:crypto'
import t from 'tap'
import { takingOver } from '../django/taking-over.ts'
import { type Pair, rows, service } from '../routes/session-service.ts'

const ROUNDS = 6

t.test('a token that is revoked while its session ends is refused by the status list, without an error', async t => {
  const { app, login, logout } = await service(t)
  const { client } = await app.core.clients.create('reports', [])
  const entries = app.database.prepare('test_entries', q => q.select().from(app.database.tables.statusEntries))
  for (let round = 0; round < ROUNDS; round++) {
    const { access, refresh } = await login()
    const claims = await app.core.tokens.authenticate(access)
    const { idx } = (claims as unknown as { status: { status_list: { idx: number } } }).status.status_list
    await Promise.all([app.core.tokenRevocation.revoke(access, client, '192.0.2.1'), logout(refresh)])
    const entry = (await app.database.read(entries())).find(({ statusIndex }) => statusIndex === idx)
    t.match(entry, { invalid: true })
  }
})

t.test('no token of Django is exchanged for a session that goes on when all sessions end', async t => {
  const { app, http, mint } = await takingOver(t)
  for (let round = 0; round < ROUNDS; round++) {
    const own: Pair = await http.login()
    const tokens = Array.from({ length: 6 }, (_, n) => mint({ jti: hash('sha256', `${round} ${n}`) }))
    const end = () => http.post('/api/logout-all/', {}, own.access)
    await Promise.all([...tokens.slice(0, 3).map(http.refresh), end(), ...tokens.slice(3).map(http.refresh)])
    const living = (await rows(app, 'sessions')).filter(one => !one.revokedAt)
    t.same(living, [])
    const { revokedJti } = app.database.tables
    const forget = app.database.prepare(`test_forget_${round}`, q => q.delete(revokedJti).returning())
    await app.database.write(() => forget())
  }
})

t.test('what is asked for by mail twice at the same moment is good once', async t => {
  const { app, post, register } = await service(t)
  const { oneTimeTokens } = app.database.tables
  const all = app.database.prepare('test_tokens', q => q.select().from(oneTimeTokens))
  await register('eve')
  const purposes = [
    ['/api/password-reset/', 'reset_password'],
    ['/api/login/email/', 'login']
  ] as const
  for (const [path, purpose] of purposes) {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: 4 }, () => post(path, { email: 'ada@example.com' })))
      const found = (await app.database.read(all())).filter(one => one.purpose === purpose)
      t.equal(found.length, 1, path)
    }
  }
})

t.test('no link to another address survives a change of the password at the same moment', async t => {
  const { app, login, post, changePassword } = await service(t)
  const { oneTimeTokens } = app.database.tables
  const all = app.database.prepare('test_tokens', q => q.select().from(oneTimeTokens))
  let [old, next] = ['correct horse', 'battery staple']
  for (let round = 0; round < 3; round++) {
    const [mine, thief] = [await login('ada', old), await login('ada', old)]
    const steal = (n: number) =>
      post('/api/change-email/', { password: old, new_email: `e${n}@example.com` }, thief.access)
    const thefts = Array.from({ length: 6 }, (_, n) => steal(n))
    t.equal((await changePassword(mine.access, old, next)).statusCode, 200)
    await Promise.all(thefts)
    const found = (await app.database.read(all())).filter(({ purpose }) => purpose === 'change_email')
    t.same(found, [])
    ;[old, next] = [next, old]
  }
})
