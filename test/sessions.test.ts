import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { build, client, testClock } from './helper.ts'

const DAY = 86_400_000

async function signedIn(test: Test, options = {}) {
  const clock = testClock()
  const app = await build(test, options, { now: clock.now })
  const http = client(app)
  await http.register()
  return { app, clock, http, tokens: await http.login() }
}

t.test('a refresh gives a new pair, and the new refresh token works next', async t => {
  const { http, tokens, clock } = await signedIn(t)
  clock.advance(60_000)
  const second = (await http.refresh(tokens.refresh)).json()
  t.not(second.refresh, tokens.refresh)
  t.equal((await http.protected(second.access)).statusCode, 200)
  clock.advance(60_000)
  t.equal((await http.refresh(second.refresh)).statusCode, 200)
})

t.test('fifty refreshes of one token at once get one and the same successor', async t => {
  const { app, http, tokens } = await signedIn(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => http.refresh(tokens.refresh)))
  t.same([...new Set(answers.map(answer => answer.statusCode))], [200])
  const successors = new Set(answers.map(answer => answer.json().refresh))
  t.equal(successors.size, 1)
  const [successor = ''] = successors
  t.equal((await http.refresh(successor)).statusCode, 200, 'one generation was advanced, and it is the current one')
  t.equal((await rows(app, 'sessions')).length, 1)
})

t.test(
  'within the grace the previous token returns the same successor, byte for byte, and extends nothing',
  async t => {
    const { http, tokens, clock } = await signedIn(t)
    const first = (await http.refresh(tokens.refresh)).json()
    clock.advance(9_999)
    const again = (await http.refresh(tokens.refresh)).json()
    t.equal(again.refresh, first.refresh)
    t.not(again.access, first.access, 'the access token is a fresh one')
    t.equal((await http.protected(again.access)).statusCode, 200)
  }
)

t.test('the grace does not slide with its use', async t => {
  const { http, tokens, clock } = await signedIn(t)
  await http.refresh(tokens.refresh)
  clock.advance(6_000)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 200)
  clock.advance(6_000)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
})

t.test('the grace covers one generation only', async t => {
  const { http, tokens } = await signedIn(t)
  const second = (await http.refresh(tokens.refresh)).json()
  const third = (await http.refresh(second.refresh)).json()
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
  t.equal((await http.refresh(third.refresh)).statusCode, 401, 'the token of two generations ago ended the session')
})

t.test('a refresh token used again after the grace ends the session and is recorded', async t => {
  const { app, http, tokens, clock } = await signedIn(t)
  const second = (await http.refresh(tokens.refresh)).json()
  clock.advance(10_000)
  const reused = await http.refresh(tokens.refresh)
  t.equal(reused.statusCode, 401)
  t.equal(reused.json().code, 'token_not_valid')
  t.equal((await http.refresh(second.refresh)).statusCode, 401, 'the rightful successor is dead too')
  t.equal((await http.protected(second.access)).statusCode, 401)
  const events = await rows(app, 'auditEvents')
  t.equal(events.filter(({ event }) => event === 'authn_token_reuse').length, 1)
  t.match(await rows(app, 'sessions'), [{ revokeReason: 'reuse' }])
})

t.test('AUTH_REFRESH_GRACE=0 makes every second use a reuse', async t => {
  const { http, tokens } = await signedIn(t, { authRefreshGrace: '0' })
  const second = (await http.refresh(tokens.refresh)).json()
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
  t.equal((await http.refresh(second.refresh)).statusCode, 401)
})

t.test('a token that is not genuine cannot end a session', async t => {
  const { http, tokens, clock } = await signedIn(t)
  const second = (await http.refresh(tokens.refresh)).json()
  clock.advance(20_000)
  const [header, payload, mac = ''] = tokens.refresh.split('.')
  const flipped = mac.startsWith('A') ? `B${mac.slice(1)}` : `A${mac.slice(1)}`
  for (const forged of [`${header}.${payload}.${flipped}`, `${header}.${payload}.`, tokens.refresh.slice(0, -5), 'x']) {
    t.equal((await http.refresh(forged)).statusCode, 401)
    t.equal((await http.logout(forged)).statusCode, 401)
  }
  t.equal((await http.refresh(second.refresh)).statusCode, 200)
})

t.test('a logout refuses the refresh token and the access tokens of all generations at once', async t => {
  const { http, tokens } = await signedIn(t)
  const second = (await http.refresh(tokens.refresh)).json()
  t.equal((await http.protected(tokens.access)).statusCode, 200, 'seen before, so its signature is remembered')
  t.equal((await http.logout(second.refresh)).statusCode, 204)
  t.equal((await http.protected(tokens.access)).statusCode, 401)
  t.equal((await http.protected(second.access)).statusCode, 401)
  t.equal((await http.refresh(second.refresh)).statusCode, 401)
  t.equal((await http.logout(second.refresh)).statusCode, 401, 'a second logout finds nothing to end')
})

t.test('a logout inside the grace, with either token, beats the replay', async t => {
  const { http, tokens } = await signedIn(t)
  await http.refresh(tokens.refresh)
  t.equal((await http.logout(tokens.refresh)).statusCode, 204, 'with the token whose successor may have been lost')
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
})

t.test('a logout with a token that was spent long ago counts as reuse', async t => {
  const { app, http, tokens, clock } = await signedIn(t)
  const second = (await http.refresh(tokens.refresh)).json()
  clock.advance(60_000)
  t.equal((await http.logout(tokens.refresh)).statusCode, 401)
  t.equal((await http.refresh(second.refresh)).statusCode, 401)
  t.match(await rows(app, 'sessions'), [{ revokeReason: 'reuse' }])
})

t.test('a logout ends its own session and no other', async t => {
  const { http, tokens } = await signedIn(t)
  const other = await http.login()
  await http.logout(tokens.refresh)
  t.equal((await http.protected(other.access)).statusCode, 200)
  t.equal((await http.refresh(other.refresh)).statusCode, 200)
})

t.test('a logout in another process is known here a quarter of a second later', async t => {
  const store = { databaseUrl: `sqlite:${t.testdir()}/postern.db` }
  const [here, there] = [client(await build(t, store)), client(await build(t, store))]
  await here.register()
  const [ended, kept] = [await here.login(), await here.login()]
  for (const { access } of [ended, kept]) t.equal((await here.protected(access)).statusCode, 200)
  t.equal((await there.logout(ended.refresh)).statusCode, 204)
  t.equal((await there.protected(ended.access)).statusCode, 401, 'there it is known at once')
  await sleep(300)
  t.equal((await here.protected(ended.access)).statusCode, 401)
  t.equal((await here.protected(kept.access)).statusCode, 200)
})

t.test('the caller is described as the account is now', async t => {
  const { http, tokens, clock } = await signedIn(t)
  const before = (await http.protected(tokens.access)).json().user
  clock.advance(1000)
  await http.login()
  const after = (await http.protected(tokens.access)).json().user
  t.equal(Date.parse(after.last_login_at), Date.parse(before.last_login_at) + 1000)
  t.same((await http.protected(tokens.access)).json().user, after)
})

t.test('an access token expires after AUTH_ACCESS_TTL, to the second', async t => {
  const { http, tokens, clock } = await signedIn(t, { authAccessTtl: '5m' })
  clock.advance(299_999)
  t.equal((await http.protected(tokens.access)).statusCode, 200)
  clock.advance(1)
  t.equal((await http.protected(tokens.access)).statusCode, 401)
})

t.test('a session that is not refreshed for AUTH_REFRESH_TTL ends', async t => {
  const { http, tokens, clock } = await signedIn(t, { authRefreshTtl: '1d' })
  clock.advance(DAY - 1)
  const second = (await http.refresh(tokens.refresh)).json()
  clock.advance(DAY)
  t.equal((await http.refresh(second.refresh)).statusCode, 401)
  t.equal((await http.logout(second.refresh)).statusCode, 401)
})

t.test('a session ends at the latest after AUTH_SESSION_TTL, however often it is refreshed', async t => {
  const { http, tokens, clock } = await signedIn(t, { authRefreshTtl: '1d', authSessionTtl: '2d' })
  let { refresh } = tokens
  for (let hour = 0; hour < 47; hour++) {
    clock.advance(3_600_000)
    refresh = (await http.refresh(refresh)).json().refresh
  }
  clock.advance(3_599_000)
  const last = (await http.refresh(refresh)).json()
  t.equal(last.expires_in, 1, 'no access token outlives its session')
  clock.advance(1_000)
  t.equal((await http.refresh(last.refresh)).statusCode, 401)
  t.equal((await http.protected(last.access)).statusCode, 401)
})

t.test('a password change ends every other session at once, and this one goes on', async t => {
  const { http, tokens } = await signedIn(t)
  const other = await http.login()
  t.equal((await http.changePassword(tokens.access, 'correct horse', 'battery staple')).statusCode, 200)
  t.equal((await http.protected(other.access)).statusCode, 401)
  t.equal((await http.refresh(other.refresh)).statusCode, 401)
  t.equal((await http.protected(tokens.access)).statusCode, 200)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 200)
})

t.test('a refresh that races with a password change leaves no other session alive', async t => {
  const { http, tokens } = await signedIn(t)
  const others = [await http.login(), await http.login(), await http.login()]
  let changed = false
  const change = http.changePassword(tokens.access, 'correct horse', 'battery staple').then(answer => {
    changed = true
    return answer
  })
  const chains = others.map(async ({ refresh, access }) => {
    let latest = { refresh, access }
    while (!changed) {
      const answer = await http.refresh(latest.refresh)
      if (answer.statusCode === 200) latest = answer.json()
    }
    return latest
  })
  t.equal((await change).statusCode, 200)
  for (const latest of await Promise.all(chains)) {
    t.equal((await http.refresh(latest.refresh)).statusCode, 401)
    t.equal((await http.protected(latest.access)).statusCode, 401)
  }
})

t.test('a login that was slow begins no session after the password has changed', async t => {
  const { app, http, tokens } = await signedIn(t)
  let changed = false
  const change = http.changePassword(tokens.access, 'correct horse', 'battery staple').then(answer => {
    changed = true
    return answer
  })
  // Each of these loops has a login on its way, found to be right by the old hash, when the change is committed.
  const loops = Array.from({ length: 6 }, async () => {
    const pairs: { access: string; refresh: string }[] = []
    while (!changed) {
      const answer = await http.post('/api/login/', { username: 'ada', password: 'correct horse' })
      if (answer.statusCode === 200) pairs.push(answer.json())
    }
    return pairs
  })
  t.equal((await change).statusCode, 200)
  for (const pair of (await Promise.all(loops)).flat()) {
    t.equal((await http.refresh(pair.refresh)).statusCode, 401)
    t.equal((await http.protected(pair.access)).statusCode, 401)
  }
  const refused = (await rows(app, 'auditEvents')).filter(({ event }) => event === 'authn_login_fail')
  t.ok(refused.length > 0, 'some came too late')
})

t.test('of two password changes at the same moment one wins', async t => {
  const { http, tokens } = await signedIn(t)
  const wanted = ['battery staple', 'paper clip holder']
  const answers = await Promise.all(wanted.map(next => http.changePassword(tokens.access, 'correct horse', next)))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 400])
  const winner = wanted[answers.findIndex(({ statusCode }) => statusCode === 200)]
  await t.resolves(http.login('ada', winner))
})

t.test('a session that was ended cannot change the password any more', async t => {
  const { http, tokens } = await signedIn(t)
  const [changed] = await Promise.all([
    http.changePassword(tokens.access, 'correct horse', 'battery staple'),
    http.logout(tokens.refresh)
  ])
  t.equal(changed.statusCode, 401)
  await t.resolves(http.login('ada', 'correct horse'))
})

t.test('a disabled user can neither log in nor refresh, and the attempt does not count as reuse', async t => {
  const { app, http, tokens } = await signedIn(t)
  const { users } = app.database.tables
  const disable = app.database.prepare('test_disable', q => q.update(users).set({ active: false }).returning())
  await app.database.write(() => disable())
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
  t.equal((await http.post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 401)
  t.match(await rows(app, 'sessions'), [{ revokedAt: null }])
})

t.test('sessions and revocations that nothing can refer to are deleted', async t => {
  const { app, http, tokens, clock } = await signedIn(t)
  for (let more = 0; more < 3; more++) await http.login()
  await http.logout(tokens.refresh)
  clock.advance(DAY - 1000)
  await app.core.housekeeping.sweep()
  t.equal((await rows(app, 'sessions')).length, 4)
  t.equal((await rows(app, 'revokedJti')).length, 1)
  clock.advance(2000)
  await app.core.housekeeping.sweep()
  t.equal((await rows(app, 'sessions')).length, 0)
  t.equal((await rows(app, 'revokedJti')).length, 0)
})

let statements = 0
const rows = (app: Awaited<ReturnType<typeof build>>, table: 'sessions' | 'revokedJti' | 'auditEvents') => {
  const all = app.database.prepare(`test_rows_${statements++}`, q => q.select().from(app.database.tables[table]))
  return app.database.read(all()) as Promise<Record<string, unknown>[]>
}
