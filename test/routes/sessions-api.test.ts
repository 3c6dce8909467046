import { randomUUID } from 'node:crypto'
import t from 'tap'
import { read, refused } from './answers.ts'
import { bearer, endings, type Pair, rows, service, sid } from './session-service.ts'

t.test('the list says where and when, newest use first, marks the one that asks, and holds no token', async t => {
  const { app, clock, refresh, get } = await service(t)
  const enter = async (agent: string, remoteAddress: string): Promise<Pair> => {
    const payload = { username: 'ada', password: 'correct horse' }
    const headers = { 'user-agent': agent }
    return (await app.inject({ method: 'POST', url: '/api/login/', payload, headers, remoteAddress })).json()
  }
  const first = await enter('Firefox', '203.0.113.7')
  clock.advance(1000)
  const second = await enter('curl', '2001:db8::1')
  clock.advance(60_000)
  const renewed = (await refresh(first.refresh)).json()

  const answer = await get('/api/sessions', renewed.access)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['cache-control'], 'no-store')
  const common = { amr: ['pwd'], created_at: '2026-01-31T12:00:00.000Z' }
  const used = { last_used_at: '2026-01-31T12:01:01.000Z', expires_at: '2026-02-01T12:01:01.000Z' }
  const other = { last_used_at: '2026-01-31T12:00:01.000Z', expires_at: '2026-02-01T12:00:01.000Z' }
  t.strictSame(answer.json(), {
    sessions: [
      { id: sid(first), user_agent: 'Firefox', ip: '203.0.113.7', ...common, ...used, current: true },
      {
        id: sid(second),
        user_agent: 'curl',
        ip: '2001:db8::1',
        ...common,
        created_at: other.last_used_at,
        ...other,
        current: false
      }
    ]
  })
  const asked = (await get('/api/sessions/', second.access)).json().sessions
  t.same(
    asked.map(({ current }: { current: boolean }) => current),
    [false, true]
  )
  for (const token of [first, second, renewed].flatMap(({ access, refresh }) => [access, refresh]))
    t.notOk(answer.body.includes(`${read(token).claims.jti}`))
})

t.test('a list has at most the hundred sessions that were used last', async t => {
  const { app, clock, login, list } = await service(t)
  const mine = await login()
  const { sessions } = app.database.tables
  const [row] = (await rows(app, 'sessions')) as [typeof sessions.$inferSelect]
  const older = Array.from({ length: 150 }, (_, at) => ({
    ...row,
    id: randomUUID(),
    statusIndex: null,
    lastUsedAt: new Date(clock.now() - at - 1)
  }))
  const insert = app.database.prepare('test_older', q => q.insert(sessions).values(older).returning())
  await app.database.write(() => insert())
  const found = (await list(mine)).map(({ id }: { id: string }) => id)
  t.same(found, [sid(mine), ...older.slice(0, 99).map(({ id }) => id)])
})

t.test('an ended session is refused from the next request on, the others go on', async t => {
  const { login, refresh, list, end, alive } = await service(t)
  const [mine, other, third] = [await login(), await login(), await login()]
  const next = (await refresh(other.refresh)).json()
  t.ok(await alive(t, next), 'its token was seen before')
  const ended = await end(sid(other), mine)
  t.equal(ended.statusCode, 204)
  t.equal(ended.body, '')
  t.notOk(await alive(t, next))
  refused(t, await refresh(next.refresh), 'token_not_valid')
  refused(t, await refresh(other.refresh), 'token_not_valid', [], 'inside the grace window too')
  t.ok(await alive(t, mine))
  t.ok(await alive(t, third))
  t.equal((await list(mine)).length, 2)
  t.equal((await end(`${sid(mine)}/`, mine)).statusCode, 204, 'one may end the session that asks, too')
  t.notOk(await alive(t, mine))
  t.ok(await alive(t, third))
})

t.test('what belongs to others, has ended or never was is not found, all in the same words', async t => {
  const { app, register, login, list, end, logout, alive, send } = await service(t)
  await register('eve')
  const [ada, gone, eve] = [await login('ada'), await login('ada'), await login('eve')]
  await logout(gone.refresh)
  const before = [await rows(app, 'sessions'), await rows(app, 'auditEvents')]
  const bodies = new Set<string>()
  const never = [
    randomUUID(),
    '0',
    'null',
    'x'.repeat(90),
    'x'.repeat(500),
    '%27',
    '%00',
    '%2e%2e',
    "1' or '1'='1",
    '__proto__'
  ]
  for (const id of [sid(eve), sid(gone), ...never.map(id => id.replaceAll(' ', '%20'))]) {
    const answer = await end(id, ada)
    refused(t, answer, 'not_found', [], id)
    bodies.add(answer.body)
  }
  t.equal(bodies.size, 1)
  t.same([await rows(app, 'sessions'), await rows(app, 'auditEvents')], before, 'and nothing was written')
  refused(t, await send({ method: 'DELETE', url: '/api/sessions//', headers: bearer(ada.access) }), 'not_found')
  t.ok(await alive(t, eve))
  t.same(
    (await list(eve)).map(({ id }: { id: string }) => id),
    [sid(eve)],
    'nor does anybody see the sessions of others'
  )
})

t.test('all others can be ended at once, and this one goes on', async t => {
  const { app, register, login, refresh, endOthers, list, alive } = await service(t)
  await register('eve')
  const eve = await login('eve')
  const [mine, ...others] = [await login(), await login(), await login()] as [Pair, Pair, Pair]
  t.equal((await endOthers(mine)).statusCode, 204)
  for (const other of others) t.notOk(await alive(t, other))
  t.ok(await alive(t, mine))
  t.ok(await alive(t, eve))
  t.match(await list(mine), [{ id: sid(mine), current: true }])
  t.equal((await endOthers(mine)).statusCode, 204, 'also when there is no other')
  t.match(await endings(app), [{ sessionId: sid(mine), detail: { reason: 'ended', sessions: 2 } }])
  t.equal((await endings(app)).length, 1, 'nothing ended the second time, so nothing is on record')
  t.equal((await refresh(mine.refresh)).statusCode, 200)
})

t.test('a type without a body is no mistake where no body is asked for', async t => {
  const { app, login, alive } = await service(t)
  const ada = await login()
  const headers = { ...bearer(ada.access), 'content-type': 'application/json' }
  t.equal((await app.inject({ method: 'POST', url: '/api/logout-all/', headers })).statusCode, 204)
  t.notOk(await alive(t, ada))
})

t.test('logging out everywhere ends every session, this one too', async t => {
  const { app, register, login, refresh, logoutAll, alive } = await service(t)
  await register('eve')
  const eve = await login('eve')
  const [mine, other] = [await login(), await login()]
  t.equal((await logoutAll(mine)).statusCode, 204)
  for (const pair of [mine, other]) {
    t.notOk(await alive(t, pair))
    refused(t, await refresh(pair.refresh), 'token_not_valid')
  }
  refused(t, await logoutAll(mine), 'token_not_valid')
  const reasons = (await rows(app, 'sessions')).map(({ revokeReason }) => revokeReason)
  t.same(reasons.toSorted(), ['logout_all', 'logout_all', null])
  t.ok(await alive(t, eve))
  t.match(await endings(app), [{ sessionId: sid(mine), detail: { reason: 'logout_all', sessions: 2 } }])
  t.ok(await alive(t, await login()), 'a new login is welcome')
})

t.test('a session whose idle or absolute time is over is neither listed, nor refreshed, nor ended again', async t => {
  const times = { authAccessTtl: '30m', authRefreshTtl: '1h', authSessionTtl: '90m' }
  const { clock, app, login, refresh, list, end, endOthers, logout } = await service(t, times)
  const idle = await login()
  const used = await login()
  clock.advance(45 * 60_000)
  const renewed = (await refresh(used.refresh)).json()
  t.match(
    await list(renewed),
    [{ expires_at: '2026-01-31T13:30:00.000Z' }, { expires_at: '2026-01-31T13:00:00.000Z' }],
    'the absolute end counts where it comes first'
  )
  clock.advance(15 * 60_000 - 1)
  t.equal((await list(renewed)).length, 2)
  clock.advance(1)
  t.same(
    (await list(renewed)).map(({ id }: { id: string }) => id),
    [sid(renewed)]
  )
  refused(t, await refresh(idle.refresh), 'token_not_valid')
  refused(t, await logout(idle.refresh), 'token_not_valid')
  refused(t, await end(sid(idle), renewed), 'not_found')
  t.equal((await endOthers(renewed)).statusCode, 204)
  t.same(await endings(app), [], 'there was none left to end')

  const young = await login()
  const last = (await refresh(renewed.refresh)).json()
  clock.advance(30 * 60_000 - 1000)
  const fresh = (await refresh(young.refresh)).json()
  t.equal((await list(fresh)).length, 2)
  clock.advance(1000)
  t.same(
    (await list(fresh)).map(({ id }: { id: string }) => id),
    [sid(young)]
  )
  refused(t, await refresh(last.refresh), 'token_not_valid')
})

t.test('no access token outlives the session that it belongs to, not even one of the grace window', async t => {
  const times = { authAccessTtl: '1m', authRefreshTtl: '1m', authRefreshGrace: '30s' }
  const { clock, login, refresh, protected: see } = await service(t, times)
  const first = await login()
  await refresh(first.refresh)
  clock.advance(20_000)
  const replayed = (await refresh(first.refresh)).json()
  t.equal(replayed.expires_in, 40)
  clock.advance(39_999)
  t.equal((await see(replayed.access)).statusCode, 200)
  clock.advance(1)
  refused(t, await see(replayed.access), 'token_not_valid')
})

t.test('whoever is not signed in sees and ends nothing', async t => {
  const { login, send, alive } = await service(t)
  const mine = await login()
  for (const [method, url] of [
    ['GET', '/api/sessions/'],
    ['DELETE', '/api/sessions/'],
    ['DELETE', `/api/sessions/${sid(mine)}`],
    ['POST', '/api/logout-all/']
  ] as const) {
    refused(t, await send({ method, url }), 'not_authenticated', [], `${method} ${url}`)
    refused(t, await send({ method, url, headers: bearer(mine.refresh) }), 'token_not_valid', [], `${method} ${url}`)
  }
  t.ok(await alive(t, mine))
})
