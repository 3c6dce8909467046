import t from 'tap'
import { alter, KEY, read, rows, takingOver } from './django/taking-over.ts'
import { encode, hmac } from './routes/forgery.ts'

const DAY = 86_400_000

t.test('a refresh token of Django is exchanged for a session of ours', async t => {
  const { app, http, clock, id, claims, mint } = await takingOver(t)
  const { iat, jti } = claims()
  const send = (refresh: string) =>
    app.inject({ method: 'POST', url: '/api/refresh/', payload: { refresh }, headers: { 'user-agent': 'Phone' } })
  const answer = await send(mint({ jti }))
  t.equal(answer.statusCode, 200)
  const pair = answer.json()
  t.match(read(pair.access), { sub: id, username: 'ada', amr: ['pwd'], auth_time: iat, user_id: '7' })
  t.equal((await http.protected(pair.access)).statusCode, 200)
  t.match(await rows(app, 'sessions'), [{ id: read(pair.access).sid, userId: id, userAgent: 'Phone' }])
  const created = (await rows(app, 'auditEvents')).filter(({ event }) => event === 'authn_token_created')
  t.match(created, [
    { userId: id, sessionId: read(pair.access).sid, ip: '127.0.0.1', detail: { from: 'simplejwt', jti } }
  ])
  clock.advance(60_000)
  t.equal((await http.refresh(pair.refresh)).statusCode, 200, 'it goes on as any other')
})

t.test('it may name its user with a string, need not say when it was issued, and may not say a later time', async t => {
  const { http, clock, mint } = await takingOver(t)
  const now = clock.now() / 1000
  for (const claims of [{ user_id: '7' }, { iat: undefined }, { iat: now + 3600 }, { iat: 'today' }]) {
    const answer = await http.refresh(mint(claims))
    t.equal(answer.statusCode, 200, JSON.stringify(claims))
    t.ok(read(answer.json().access).auth_time <= now)
  }
})

t.test('the claim that names the user is a setting', async t => {
  const { http, mint } = await takingOver(t, { authSimplejwtUserIdClaim: 'sub' })
  t.equal((await http.refresh(mint({ sub: '7', user_id: undefined }))).statusCode, 200)
  t.equal((await http.refresh(mint())).statusCode, 401)
})

t.test('fifty exchanges of one token at once begin one session and get the same refresh token', async t => {
  const { app, http, mint } = await takingOver(t)
  const token = mint()
  const answers = await Promise.all(Array.from({ length: 50 }, () => http.refresh(token)))
  t.same([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  t.equal(new Set(answers.map(answer => answer.json().refresh)).size, 1)
  t.equal((await rows(app, 'sessions')).length, 1)
})

t.test('sent again within the grace it gives the same refresh token, and the grace does not slide', async t => {
  const { http, clock, mint } = await takingOver(t)
  const token = mint()
  const { refresh } = (await http.refresh(token)).json()
  clock.advance(9_999)
  t.equal((await http.refresh(token)).json().refresh, refresh)
  clock.advance(1)
  t.equal((await http.refresh(token)).statusCode, 401)
})

t.test('sent again later it ends the session that it led to, and that is recorded', async t => {
  const { app, http, clock, mint } = await takingOver(t)
  const token = mint()
  const pair = (await http.refresh(token)).json()
  clock.advance(10_000)
  t.equal((await http.refresh(token)).json().code, 'token_not_valid')
  t.equal((await http.protected(pair.access)).statusCode, 401)
  t.equal((await http.refresh(pair.refresh)).statusCode, 401)
  t.match(await rows(app, 'sessions'), [{ revokeReason: 'reuse' }])
  t.equal((await rows(app, 'auditEvents')).filter(({ event }) => event === 'authn_token_reuse').length, 1)
})

t.test('once its successor was used, sending it again ends the session also within the grace', async t => {
  const { http, mint } = await takingOver(t)
  const token = mint()
  const second = (await http.refresh((await http.refresh(token)).json().refresh)).json()
  t.equal((await http.refresh(token)).statusCode, 401)
  t.equal((await http.refresh(second.refresh)).statusCode, 401)
})

t.test('a token that Django had blacklisted is refused, and ends nothing', async t => {
  const { app, http, claims, mint } = await takingOver(t)
  const pair = (await http.refresh(mint())).json()
  const { jti, exp } = claims()
  const { revokedJti } = app.database.tables
  const row = { jti, sid: 'simplejwt', reason: 'imported', revokedAt: new Date(), expiresAt: new Date(exp * 1000) }
  await app.database.write(() =>
    app.database.prepare('test_import', q => q.insert(revokedJti).values(row).returning())()
  )
  for (const send of [http.refresh, http.logout]) t.equal((await send(mint({ jti }))).statusCode, 401)
  t.equal((await http.refresh(pair.refresh)).statusCode, 200)
})

t.test('a logout with it spends it; within the grace of its exchange it ends the session', async t => {
  const { app, http, clock, mint } = await takingOver(t)
  const [unused, used, late] = [mint(), mint(), mint()]
  t.equal((await http.logout(unused)).statusCode, 204)
  t.equal((await http.logout(unused)).statusCode, 401, 'once')
  t.equal((await http.refresh(unused)).statusCode, 401)
  const pair = (await http.refresh(used)).json()
  t.equal((await http.logout(used)).statusCode, 204)
  t.equal((await http.refresh(pair.refresh)).statusCode, 401)
  t.equal((await http.refresh(used)).statusCode, 401)
  await http.refresh(late)
  clock.advance(10_000)
  t.equal((await http.logout(late)).statusCode, 401)
  t.same(
    (await rows(app, 'sessions')).map(({ revokeReason }) => revokeReason),
    ['logout', 'reuse']
  )
})

t.test('it is checked as what it is, and a check changes nothing', async t => {
  const { http, clock, mint, access } = await takingOver(t)
  const token = mint()
  const check = async (token: string) => (await http.post('/api/verify/', { token })).statusCode
  t.equal(await check(token), 200)
  await http.refresh(token)
  t.equal(await check(token), 200, 'within the grace')
  clock.advance(10_000)
  t.equal(await check(token), 401)
  t.equal(await check(access()), 401, 'AUTH_SIMPLEJWT_ACCESS is off')
})

t.test('what is not genuine, of another kind, over or of nobody is refused', async t => {
  const { app, http, clock, claims, mint } = await takingOver(t)
  const now = clock.now() / 1000
  const refused = {
    'another key': hmac({ alg: 'HS256', typ: 'JWT' }, claims(), 'another key'),
    'another algorithm': hmac({ alg: 'HS512', typ: 'JWT' }, claims(), KEY, 'sha512'),
    unsigned: `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims())}.`,
    'a signature with idle bits': `${mint().slice(0, -1)}-`,
    'an access token': mint({ token_type: 'access' }),
    'a sliding token': mint({ token_type: 'sliding' }),
    'no type': mint({ token_type: undefined }),
    'no jti': mint({ jti: undefined }),
    'an empty jti': mint({ jti: '' }),
    'no exp': mint({ exp: undefined }),
    'an exp of text': mint({ exp: '2030' }),
    'an exp beyond all time': mint({ exp: 1e15 }),
    'over since now': mint({ exp: now }),
    nobody: mint({ user_id: 8 }),
    'no user': mint({ user_id: undefined }),
    'a user in a list': mint({ user_id: [7] }),
    'our typ': hmac({ alg: 'HS256', typ: 'rt+jwt' }, claims(), KEY),
    'a kid': hmac({ alg: 'HS256', typ: 'JWT', kid: 'x' }, claims(), KEY)
  }
  for (const [what, token] of Object.entries(refused)) {
    for (const send of [http.refresh, http.logout]) t.equal((await send(token)).json().code, 'token_not_valid', what)
    t.equal((await http.post('/api/verify/', { token })).statusCode, 401, what)
  }
  t.same(await rows(app, 'sessions'), [])
  t.same(await rows(app, 'revokedJti'), [])
})

t.test('a number that JSON may have rounded names nobody', async t => {
  const { app, http, mint } = await takingOver(t)
  await alter(app, { legacyId: `${2 ** 53}` })
  t.equal((await http.refresh(mint({ user_id: 2 ** 53 }))).statusCode, 401)
  t.equal((await http.refresh(mint({ user_id: `${2 ** 53}` }))).statusCode, 200)
})

t.test('from AUTH_SIMPLEJWT_UNTIL on everything of Django is refused, without a restart', async t => {
  const { http, clock, mint, access } = await takingOver(t, { authSimplejwtAccess: 'on' })
  clock.advance(Date.UTC(2026, 2, 1) - clock.now() - 1)
  t.equal((await http.refresh(mint())).statusCode, 200)
  t.equal((await http.protected(access())).statusCode, 200)
  clock.advance(1)
  t.equal((await http.refresh(mint())).statusCode, 401)
  t.equal((await http.logout(mint())).statusCode, 401)
  t.equal((await http.protected(access())).statusCode, 401)
})

t.test('without the key nothing of Django is accepted', async t => {
  const { http, mint, access } = await takingOver(t, { authSimplejwtKey: undefined, authSimplejwtAccess: 'on' })
  t.equal((await http.refresh(mint())).statusCode, 401)
  t.equal((await http.protected(access())).statusCode, 401)
})

t.test('a disabled user gets nothing for it, and an end of all sessions outlives being enabled again', async t => {
  const { app, http, mint } = await takingOver(t)
  const token = mint()
  await alter(app, { active: false })
  t.equal((await http.refresh(token)).statusCode, 401)
  t.equal((await http.logout(token)).statusCode, 401)
  await app.core.sessionControl.revokeAll('ada')
  await alter(app, { active: true })
  t.equal((await http.refresh(token)).statusCode, 401)
})

t.test('what was spent is forgotten when it has expired', async t => {
  const { app, http, clock, mint } = await takingOver(t)
  await http.logout(mint())
  t.equal((await rows(app, 'revokedJti')).length, 1)
  clock.advance(DAY)
  await app.core.housekeeping.sweep()
  t.same(await rows(app, 'revokedJti'), [])
})
