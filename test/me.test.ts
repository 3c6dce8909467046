import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { slot } from '../src/core/statements.ts'
import { build, client, testClock } from './helper.ts'
import { refused } from './routes/answers.ts'
import { bearer, type Pair } from './routes/session-service.ts'

const profile = Type.Object({
  nickname: Type.Optional(Type.String({ maxLength: 20 })),
  colour: Type.Optional(Type.Enum(['red', 'blue'])),
  plan: Type.Optional(Type.String({ readOnly: true, default: 'free' }))
})

async function signedIn(test: Test, options = {}) {
  const clock = testClock()
  const app = await build(test, options, { now: clock.now, profile, sendsMail: false })
  const http = client(app)
  await http.register()
  const tokens = await http.login()
  const patch = (payload: object, { access } = tokens) =>
    http.send({ method: 'PATCH', url: '/api/me/', payload, headers: bearer(access) })
  const remove = (payload: object = { password: 'correct horse' }, { access } = tokens) =>
    http.send({ method: 'DELETE', url: '/api/me/', payload, headers: bearer(access) })
  return { app, clock, http, tokens, patch, remove, me: async () => (await http.get('/api/me/', tokens.access)).json() }
}

let statements = 0
type Name = keyof FastifyInstance['database']['tables']
/** All rows of a table, as text: what is in there, whatever the columns. */
async function rows(app: FastifyInstance, name: Name): Promise<Record<string, unknown>[]> {
  const all = app.database.prepare(`test_me_${statements++}`, q => q.select().from(app.database.tables[name]))
  return (await app.database.read(all())) as Record<string, unknown>[]
}

/** Sets columns of a user, as another part of the service would. */
async function set(app: FastifyInstance, columns: object): Promise<void> {
  const { users } = app.database.tables
  const update = app.database.prepare(`test_me_${statements++}`, q => q.update(users).set(columns).returning())
  await app.database.write(() => update())
}

t.test('a user sees the own account, as it is now', async t => {
  const { http, tokens, me } = await signedIn(t)
  const user = await me()
  t.same(user, (await http.protected(tokens.access)).json().user)
  t.match(user, { username: 'ada', email: 'ada@example.com', roles: [], profile: { plan: 'free' } })
  refused(t, await http.get('/api/me/'), 'not_authenticated')
})

t.test('a user changes name and fields; what is not sent stays, and null takes a field away', async t => {
  const { http, patch, me } = await signedIn(t)
  const first = await patch({ nickname: 'Countess', colour: 'red' })
  t.same([first.statusCode, first.json().profile], [200, { plan: 'free', nickname: 'Countess', colour: 'red' }])
  const second = await patch({ username: ' Lovelace ', nickname: null })
  t.match(second.json(), { username: 'Lovelace', profile: { plan: 'free', colour: 'red' } })
  t.notOk('nickname' in second.json().profile)
  t.same(await me(), second.json())
  refused(t, await http.post('/api/login/', { username: 'ada', password: 'correct horse' }), 'no_active_account')
  t.ok((await http.login('LOVELACE')).access)
})

t.test('changes that do not fit are refused field by field, and change nothing', async t => {
  const { http, patch, me } = await signedIn(t)
  await http.register('eve')
  const before = await me()
  const wrong: Array<[change: object, fields: string[]]> = [
    [{}, ['body']],
    [{ username: 'EVE' }, ['username']],
    [{ username: 'a@b' }, ['username']],
    [{ username: '' }, ['username']],
    [{ username: null }, ['username']],
    [{ nickname: 'x'.repeat(21), colour: 'red' }, ['nickname']],
    [{ plan: 'gold' }, ['plan']],
    [{ plan: null }, ['plan']],
    [{ nickname: 'Eve', password: 'another one' }, ['password']]
  ]
  for (const [change, fields] of wrong)
    refused(t, await patch(change), 'validation_failed', fields, JSON.stringify(change))
  const email = await patch({ email: 'eve@example.com' })
  refused(t, email, 'validation_failed', ['email'])
  t.match(email.json().errors.email, [/\/api\/change-email\//], 'it says where to change it')
  t.same(await me(), before)
})

t.test('two changes of different fields at the same moment both hold; of one name only one user gets it', async t => {
  const { app, http, patch, me } = await signedIn(t)
  await Promise.all([patch({ nickname: 'A' }), patch({ colour: 'blue' }), patch({ username: 'augusta' })])
  t.match(await me(), { username: 'augusta', profile: { nickname: 'A', colour: 'blue' } })
  await http.register('eve')
  const eve = await http.login('eve')
  const answers = await Promise.all([patch({ username: 'queen' }), patch({ username: 'Queen' }, eve)])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 400])
  const events = (await rows(app, 'auditEvents')).filter(({ event }) => event === 'user_updated')
  t.equal(events.length, 4)
  t.notMatch(JSON.stringify(events), /augusta|queen/, 'the trail names fields, not what they hold')
})

t.test('a change with a session that has ended meanwhile is refused', async t => {
  const { http, tokens, patch } = await signedIn(t)
  const [changed] = await Promise.all([patch({ nickname: 'A' }), http.logout(tokens.refresh)])
  if (changed.statusCode === 200) t.pass('it was first')
  refused(t, await patch({ nickname: 'B' }), 'token_not_valid')
})

t.test('a deleted account is gone with all that is personal, and its tokens are refused at once', async t => {
  const { app, clock, http, tokens, remove } = await signedIn(t)
  const { id } = (await http.get('/api/me/', tokens.access)).json()
  await http.register('eve')
  // One session is over but not forgotten, one will be ended, two go on.
  clock.advance(86_401_000)
  const [here, there, ended] = [await http.login(), await http.login(), await http.login()]
  await http.logout(ended.refresh)
  await app.database.write(() =>
    app.core.outbox.queue({ kind: 'new_device', to: 'ada@example.com', userId: id, values: {} })
  )
  refused(t, await remove({ password: 'wrong horse' }, here), 'wrong_password', ['password'])
  refused(t, await remove({}, here), 'validation_failed', ['password'])
  const held = (await rows(app, 'sessions')).filter(({ userId }) => userId === id).map(one => one.statusIndex)

  const answer = await remove({ password: 'correct horse' }, here)
  t.same([answer.statusCode, answer.body], [204, ''])

  for (const { access, refresh } of [tokens, here, there, ended]) {
    refused(t, await http.get('/api/me/', access), 'token_not_valid')
    refused(t, await http.refresh(refresh), 'token_not_valid')
    refused(t, await http.post('/api/verify/', { token: access }), 'token_not_valid')
    refused(t, await remove({ password: 'correct horse' }, { access, refresh }), 'token_not_valid')
  }
  refused(t, await http.post('/api/login/', { username: 'ada', password: 'correct horse' }), 'no_active_account')
  for (const name of ['users', 'sessions', 'mails', 'oneTimeTokens', 'knownDevices'] as const)
    t.notMatch(JSON.stringify(await rows(app, name)), new RegExp(`${id}|ada@|"ada"`), name)
  const apart = (await rows(app, 'statusEntries')).map(({ statusIndex }) => statusIndex)
  for (const index of held.filter(index => index !== null)) t.ok(apart.includes(index), 'no status index is lost')

  const trail = (await rows(app, 'auditEvents')).filter(
    ({ userId, event }) => userId === id && event !== 'authn_login_fail'
  )
  t.ok(trail.length >= 7, 'what happened is still on record')
  const before = trail.slice(0, -1)
  t.ok(before.every(({ ip, detail, salt }) => ip === null && salt === null && JSON.stringify(detail) === '{}'))
  t.equal(trail.at(-1)?.event, 'user_deleted')

  t.ok((await http.login('eve')).access, 'and nobody else is gone')
  t.equal((await http.register()).statusCode, 201, 'the name is free again')
  t.not((await http.get('/api/me/', (await http.login()).access)).json().id, id)
})

t.test('a proven address is told that the account was deleted', async t => {
  const sent: { kind: string; to: string; userId?: string | undefined }[] = []
  const mailer = {
    send: async (_id: string, mail: (typeof sent)[number]) => void sent.push(mail),
    close: async () => {}
  }
  const app = await build(t, {}, { mailer: mailer as never })
  const http = client(app)
  await http.register()
  await set(app, { emailVerified: true })
  const { access } = await http.login()
  const payload = { password: 'correct horse' }
  t.equal((await http.send({ method: 'DELETE', url: '/api/me/', payload, headers: bearer(access) })).statusCode, 204)
  const find = () => sent.find(({ kind }) => kind === 'account_deleted')
  for (let left = 100; left > 0 && !find(); left--) await sleep(20)
  t.match(find(), { to: 'ada@example.com', userId: undefined })
})

t.test('a user without a password needs a login of the last five minutes to delete the account', async t => {
  const { app, clock, http, tokens, remove } = await signedIn(t)
  await http.register('eve')
  clock.advance(1)
  const later = await http.login('eve')
  await set(app, { passwordHash: null })
  clock.advance(199_999)
  const next = (await http.refresh(tokens.refresh)).json()
  clock.advance(100_001)
  refused(t, await remove({}, next), 'step_up_required')
  refused(t, await remove({ password: '' }, next), 'step_up_required')
  t.equal((await http.get('/api/me/', next.access)).statusCode, 200, 'nothing was half done')
  const onTime = (await http.refresh(later.refresh)).json()
  t.equal((await remove({}, onTime)).statusCode, 204)
})

t.test('the only administrator stays; of two that go at once one stays', async t => {
  const { app, http, tokens, remove } = await signedIn(t)
  await http.register('eve')
  const eve: Pair = await http.login('eve')
  await set(app, { roles: ['ops', 'admin'] })
  const answers = await Promise.all([remove(undefined, tokens), remove(undefined, eve)])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 403])
  const [stays] = answers.filter(({ statusCode }) => statusCode === 403)
  t.match(stays?.json(), { code: 'permission_denied', detail: 'You are the only administrator.' })
  t.match(await rows(app, 'users'), [{ roles: ['ops', 'admin'], active: true }])
  t.equal((await rows(app, 'users')).length, 1)
})

t.test('a deletion together with refreshes, logins and changes leaves nothing behind', async t => {
  const { app, http, tokens, patch, remove } = await signedIn(t)
  const others = [await http.login(), await http.login()]
  let over = false
  const deletion = remove().then(answer => {
    over = true
    return answer
  })
  // An injected request that is refused never leaves the microtasks: without the turn nothing else would ever run.
  const untilOver = async (request: () => Promise<unknown>) => {
    while (!over) {
      await request()
      await turn()
    }
  }
  const loops = [
    ...others.map(({ refresh }) =>
      untilOver(async () => {
        refresh = (await http.refresh(refresh)).json().refresh ?? refresh
      })
    ),
    untilOver(() => http.post('/api/login/', { username: 'ada', password: 'correct horse' })),
    untilOver(() => patch({ nickname: 'A' }))
  ]
  const answers = await Promise.all([deletion, remove()])
  await Promise.all(loops)
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 401], 'it is deleted once')
  for (const name of ['users', 'sessions'] as const) t.same(await rows(app, name), [], name)
  refused(t, await http.refresh(tokens.refresh), 'token_not_valid')
  const deleted = (await rows(app, 'auditEvents')).filter(({ event }) => event === 'user_deleted')
  t.equal(deleted.length, 1)
})

t.test('the export has everything about a user, and no secret', async t => {
  const { app, http, tokens, patch } = await signedIn(t)
  await patch({ nickname: 'Countess' })
  const ended = await http.login()
  await http.logout(ended.refresh)
  await http.register('eve')
  await http.login('eve')
  const answer = await http.get('/api/me/export/', tokens.access)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers, {
    'content-type': 'application/json; charset=utf-8',
    'content-disposition': 'attachment; filename="account.json"',
    'cache-control': 'no-store'
  })
  const all = answer.json()
  t.match(all, {
    user: { username: 'ada', email: 'ada@example.com', has_password: true, profile: { nickname: 'Countess' } },
    sessions: [{ ip: '127.0.0.1', amr: ['pwd'] }, {}],
    cut: []
  })
  t.same(all.sessions.map((one: { end_reason: string | null }) => one.end_reason).sort(), ['logout', null])
  const events = all.events.map(({ event }: { event: string }) => event)
  for (const event of ['user_created', 'user_updated', 'authn_login_success', 'authn_token_revoked'])
    t.ok(events.includes(event))
  const [user] = await rows(app, 'users')
  t.notMatch(answer.body, /argon2|eve@|"eve"|eyJ[\w-]+\./)
  t.notOk(answer.body.includes(`${user?.passwordHash}`))
  for (const { jti } of await rows(app, 'sessions')) t.notOk(answer.body.includes(`${jti}`))
})

t.test('an export of very many entries has the newest, and says which lists are cut', async t => {
  const { app, http, tokens, me } = await signedIn(t)
  const { id } = await me()
  const { auditEvents } = app.database.tables
  const row = { at: new Date(0), event: 'authn_login_fail', userId: id, sessionId: null, ip: '127.0.0.1', detail: {} }
  const insert = app.database.prepare('test_many', q =>
    q
      .insert(auditEvents)
      .values({ ...row, id: slot('id') })
      .returning()
  )
  await app.database.write(function* () {
    for (let at = 0; at < 10_000; at++) yield* insert({ id: `0-${at}` })
  })
  const all = (await http.get('/api/me/export/', tokens.access)).json()
  t.same(all.cut, ['events'])
  t.equal(all.events.length, 10_000)
})
