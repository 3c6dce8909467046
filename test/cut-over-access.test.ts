import t from 'tap'
import { alter, HEADER, KEY, rows, takingOver } from './django/taking-over.ts'
import { encode, hmac } from './routes/forgery.ts'
import { oauthClient, registered } from './routes/oauth-client.ts'

const ON = { authSimplejwtAccess: 'on' } as const

t.test('an access token of Django opens what one of ours opens, for its user as the user is now', async t => {
  const { app, http, clock, id, access } = await takingOver(t, ON)
  const token = access()
  const answer = await http.protected(token)
  t.equal(answer.statusCode, 200)
  t.match(answer.json().user, { id, username: 'ada' })
  t.equal((await http.post('/api/verify/', { token })).statusCode, 200)
  const asked = () => http.get('/forward-auth?role=editor', token)
  t.equal((await asked()).statusCode, 403)
  await alter(app, { roles: ['editor'] })
  const { statusCode, headers } = await asked()
  t.equal(statusCode, 200, 'a role counts at once')
  t.match(headers, { 'remote-user': 'ada', 'x-auth-user-id': id, 'x-auth-session-id': /^simplejwt:[0-9a-f]{32}$/ })
  await alter(app, { active: false })
  t.equal((await http.protected(token)).statusCode, 401)
  await alter(app, { active: true })
  clock.advance(240_000)
  t.equal((await http.protected(token)).statusCode, 401, 'it has expired')
})

t.test('it is in no session: what acts on one refuses it', async t => {
  const { http, access } = await takingOver(t, ON)
  const token = access()
  for (const answer of [
    await http.post('/api/logout-all/', {}, token),
    await http.send({ method: 'DELETE', url: '/api/sessions/', headers: { authorization: `Bearer ${token}` } }),
    await http.changePassword(token, 'correct horse', 'battery staple')
  ])
    t.equal(answer.json().code, 'token_not_valid')
  t.same((await http.get('/api/sessions/', token)).json().sessions, [])
})

t.test('a refresh token is no access token, and nothing forged is one', async t => {
  const { http, claims, mint, access } = await takingOver(t, ON)
  const good = { ...claims(), token_type: 'access' }
  const refused = {
    'a refresh token': mint(),
    'a sliding token': mint({ token_type: 'sliding' }),
    'another key': hmac(HEADER, good, 'another key'),
    'another algorithm': hmac({ ...HEADER, alg: 'HS384' }, good, KEY, 'sha384'),
    unsigned: `${encode({ ...HEADER, alg: 'none' })}.${encode(good)}.`,
    'our typ': hmac({ ...HEADER, typ: 'at+jwt' }, good, KEY),
    nobody: access({ user_id: 8 })
  }
  for (const [what, token] of Object.entries(refused)) t.equal((await http.protected(token)).statusCode, 401, what)
  t.equal((await http.refresh(access())).statusCode, 401)
})

t.test('clients learn of tokens of Django what they learn of ours, and take them out of service', async t => {
  const { app, http, id, claims, mint, access } = await takingOver(t, ON)
  const oauth = oauthClient(app, await registered(app))
  const { jti, exp } = claims()
  const tokens = { access: access(), refresh: mint({ jti }) }
  const introspect = async (token: string) => (await oauth.introspect(token)).json()
  t.match(await introspect(tokens.access), { active: true, sub: id, username: 'ada', token_type: 'Bearer' })
  t.match(await introspect(tokens.refresh), { active: true, sub: id, jti, exp, token_type: 'refresh_token' })
  for (const token of Object.values(tokens)) {
    t.equal((await oauth.revoke(token)).statusCode, 200)
    t.same(await introspect(token), { active: false })
    t.equal((await oauth.revoke(token)).statusCode, 200, 'twice is no error')
  }
  t.equal((await http.protected(tokens.access)).statusCode, 401)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
  const exchanged = mint()
  const pair = (await http.refresh(exchanged)).json()
  await oauth.revoke(exchanged)
  t.equal((await http.refresh(pair.refresh)).statusCode, 401, 'the session that it began is over')
  const revoked = (await rows(app, 'auditEvents')).filter(({ event }) => event === 'authn_token_revoked')
  t.equal(revoked.length, 3)
})

t.test('clients of SimpleJWT get what SimpleJWT would say', async t => {
  const { http, clock, mint, access } = await takingOver(t, ON)
  const [token, other, ticket] = [mint(), mint(), access()]
  const refused = (detail: string) => ({ detail, code: 'token_not_valid' })
  for (const one of [token, ticket]) t.equal((await http.post('/api/token/verify/', { token: one })).statusCode, 200)
  const answer = await http.post('/api/token/refresh/', { refresh: token })
  t.same(Object.keys(answer.json()), ['access', 'refresh'])
  clock.advance(10_000)
  t.same((await http.post('/api/token/refresh/', { refresh: token })).json(), refused('Token is blacklisted'))
  t.equal((await http.post('/api/token/blacklist/', { refresh: other })).statusCode, 200)
  t.same((await http.post('/api/token/refresh/', { refresh: other })).json(), refused('Token is blacklisted'))
  const over = mint({ exp: clock.now() / 1000 })
  t.same((await http.post('/api/token/refresh/', { refresh: over })).json(), refused('Token is expired'))
})

for (const [what, end] of [
  ['a password change', ({ http }, access) => http.changePassword(access, 'correct horse', 'battery staple')],
  ['a logout everywhere', ({ http }, access) => http.post('/api/logout-all/', {}, access)],
  [
    'an end of all other sessions',
    ({ http }, access) =>
      http.send({ method: 'DELETE', url: '/api/sessions/', headers: { authorization: `Bearer ${access}` } })
  ],
  ['postern session revoke-all', async ({ app }) => app.core.sessionControl.revokeAll('ada')]
] as [string, (moved: Awaited<ReturnType<typeof takingOver>>, access: string) => Promise<unknown>][]) {
  t.test(`${what} refuses every token of Django that the user had or will get`, async t => {
    const moved = await takingOver(t, ON)
    const { app, http, clock, mint, access } = moved
    const [before, ticket] = [mint(), access()]
    t.equal((await http.protected(ticket)).statusCode, 200)
    await end(moved, (await http.login()).access)
    const check = async () => {
      for (const token of [before, mint()]) {
        for (const send of [http.refresh, http.logout]) t.equal((await send(token)).statusCode, 401)
        t.equal((await http.post('/api/verify/', { token })).statusCode, 401)
      }
      for (const token of [ticket, access()]) t.equal((await http.protected(token)).statusCode, 401)
    }
    await check()
    clock.advance(Date.UTC(2026, 1, 28) - clock.now())
    await app.core.housekeeping.sweep()
    await check()
  })
}

t.test('it holds also when it happened before the cut-over began, and when that is put off', async t => {
  const folder = t.testdir()
  const settings = { databaseUrl: `sqlite:${folder}/postern.db` }
  const before = await takingOver(t, { ...settings, authSimplejwtKey: undefined, authSimplejwtUntil: undefined })
  const token = before.mint()
  await before.app.core.sessionControl.revokeAll('ada')
  await before.app.close()
  const again = await takingOver(t, { ...settings, authSimplejwtUntil: '2026-09-01' })
  again.clock.advance(Date.UTC(2026, 7, 1) - again.clock.now())
  await again.app.core.housekeeping.sweep()
  for (const refresh of [token, again.mint()]) t.equal((await again.http.refresh(refresh)).statusCode, 401)
})

t.test('an end of all sessions leaves nothing behind of a user who was not imported', async t => {
  const { app, http } = await takingOver(t)
  await http.register('grace')
  await app.core.sessionControl.revokeAll('grace')
  t.same(await rows(app, 'revokedJti'), [])
})
