import t, { type Test } from 'tap'
import { v7 as uuid } from 'uuid'
import { slot } from '../../src/core/statements.ts'
import { build, client, testClock } from '../helper.ts'

interface Event {
  id: string
  at: string
  event: string
  user_id: string | null
  ip: string | null
  detail: Record<string, unknown>
}

async function administered(t: Test) {
  const clock = testClock()
  const app = await build(t, {}, { now: clock.now })
  const http = client(app)
  const account = { email: null, password: 'correct horse', profile: {} }
  const root = await app.core.registration.create({ ...account, username: 'root', roles: ['admin'] })
  const { access } = await http.login('root')
  const read = async (query: Record<string, string> = {}, token = access) =>
    http.get(`/api/admin/audit/?${new URLSearchParams(query)}`, token)
  const events = async (query: Record<string, string> = {}): Promise<Event[]> => (await read(query)).json().events
  return { app, http, clock, root, access, read, events }
}

t.test('an administrator reads the trail, newest first, and that is on record', async t => {
  const { http, root, read, events } = await administered(t)
  await http.register()
  const [answer, again] = [await read(), await events()]
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().next, null)
  t.same(
    answer.json().events.map(({ event }: Event) => event),
    ['user_created', 'authn_login_success', 'user_created']
  )
  t.match(again[0], { event: 'sensitive_read', user_id: root.id, ip: '127.0.0.1', detail: { of: 'audit' } })
  t.notOk('digest' in (again[0] as object))
})

t.test('nobody else does, also with a token that is older than the loss of the role', async t => {
  const { app, http, read, access, events } = await administered(t)
  await http.register()
  const { access: other } = await http.login()
  t.equal((await read({}, other)).json().code, 'permission_denied')
  t.match((await events())[0], { event: 'authz_fail', ip: '127.0.0.1', detail: { role: 'admin' } })
  t.equal((await http.get('/api/admin/audit/')).json().code, 'not_authenticated')
  const { users } = app.database.tables
  const demote = app.database.prepare('test_demote', q => q.update(users).set({ roles: [] }).returning())
  await app.database.write(() => demote())
  t.equal((await read({}, access)).json().code, 'permission_denied')
})

t.test('filters by user, event and time, also together', async t => {
  const { http, clock, events } = await administered(t)
  const { id: user } = (await http.register()).json()
  clock.advance(60_000)
  const since = new Date(clock.now()).toISOString()
  await http.login()
  clock.advance(60_000)
  const until = new Date(clock.now()).toISOString()
  await http.login()
  const names = async (query: Record<string, string>) => (await events(query)).map(({ event }) => event)
  t.same(await names({ user }), ['authn_login_success', 'authn_login_success', 'user_created'])
  t.same(await names({ user, since, until }), ['authn_login_success'])
  t.same(await names({ user, until: since }), ['user_created'])
  t.same((await names({ event: 'user_created' })).length, 2)
  t.same(await names({ event: 'user_created', user }), ['user_created'])
  t.same(await names({ event: 'user_created', user, since }), [])
  for (const [field, value] of Object.entries({
    user: 'ada',
    event: 'x',
    since: 'x',
    until: 'x',
    cursor: 'x',
    limit: '9'
  })) {
    const answer = (await http.get(`/api/admin/audit/?${field}=${value}`, (await http.login('root')).access)).json()
    t.match(answer, { code: 'validation_failed', errors: { [field]: [String] } })
  }
})

t.test('page by page gives every event once, however rare it is', async t => {
  const { app, http, read, root } = await administered(t)
  const { auditEvents } = app.database.tables
  const insert = app.database.prepare('test_insert', q =>
    q
      .insert(auditEvents)
      .values({ id: slot('id'), at: new Date(0), event: 'authn_login_fail', detail: {} })
      .returning()
  )
  await app.database.write(function* () {
    for (let left = 12_000; left > 0; left--) yield* insert({ id: uuid({ msecs: 1e12 + left }) })
  })
  await http.register()
  const walk = async (query: Record<string, string>) => {
    const seen: Event[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const page: { events: Event[]; next: string | null } = (
        await read(cursor === null ? query : { ...query, cursor })
      ).json()
      t.ok(page.events.length <= 100)
      seen.push(...page.events)
      cursor = page.next
      pages += 1
    } while (cursor !== null)
    t.same(
      seen.map(({ id }) => id),
      [...new Set(seen.map(({ id }) => id))].sort().reverse()
    )
    return { seen, pages }
  }
  const { seen, pages } = await walk({ event: 'user_created' })
  t.equal(seen.length, 2)
  t.ok(pages >= 3, 'one page looks through 5,000 rows at most')
  const own = await walk({ user: root.id })
  t.ok(own.seen.length > 3)
  const everything = await walk({ until: new Date(Date.UTC(2027, 0)).toISOString() })
  t.ok(everything.seen.length >= 12_005)
})
