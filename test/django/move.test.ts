import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { inFolder, postern } from '../cli/process.ts'
import { serve } from '../process.ts'
import { forEach, poster, tally } from './exchange.ts'
import { type Person, people, person } from './people.ts'
import { skipWithoutDjango, startDjango } from './server.ts'

const KEY = 'the signing key of the Django that is left'
const USERS = 1000
const SESSIONS = 200
const GRACE_MS = 1000
const HASHES = [
  ...['pbkdf2_sha256$1000$', 'pbkdf2_sha256$260000$', 'pbkdf2_sha1$1000$', 'pbkdf2_sha1$260000$'],
  ...['argon2$argon2id$v=19$m=64,t=1,p=2$', 'argon2$argon2id$v=19$m=102400,t=2,p=8$'],
  ...['bcrypt_sha256$$2b$04$', 'bcrypt_sha256$$2b$12$', 'bcrypt$$2b$04$', 'bcrypt$$2b$12$'],
  ...['scrypt$64$', 'scrypt$16384$', '!']
]
const OURS = '$argon2id$v=19$m=19456,t=2,p=1$'

interface Row {
  username: string
  password_hash: string | null
  roles: string
}

t.setTimeout(110_000)

t.test('a service moves from Django to Postern, and nobody notices', { skip: skipWithoutDjango }, async t => {
  const django = await startDjango(t, { signingKey: KEY, cost: 'low' })
  const there = poster(django.url)
  const everybody = people(USERS)
  const logIn = async ({ name, password }: Person) =>
    (await there('/api/token/', { username: name, password })).body.refresh as string
  /** Refresh tokens that Django would still take, and those that it would not; who was disabled has one, too. */
  const [live, dead, disabled] = [[] as string[], [] as string[], new Set<string>()]

  const folder = join(django.folder, 'postern')
  const env = inFolder(folder)
  const exported = join(django.folder, 'django.json')
  const dump = () => django.manage(['dumpdata', 'auth.group', 'auth.user', 'token_blacklist', '-o', exported])
  const importing = async (...options: string[]) => {
    const args = ['user', 'import', exported, '--group', 'Content team=writer', '--json', ...options]
    const { code, stdout, stderr } = await postern(t, args, { env })
    t.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }
  const select = <Result>(what: string): Result[] => {
    const sqlite = new Sqlite(join(folder, 'postern.db'), { readonly: true })
    const found = sqlite.prepare(what).all() as Result[]
    sqlite.close()
    return found
  }
  const tables = () => ['users', 'revoked_jti', 'audit_events'].map(table => select(`SELECT * FROM ${table}`))
  const notLoggedIn = async () => {
    const { stdout } = await postern(t, ['doctor'], { env })
    return Number(/(\d+) imported users have not logged in yet/.exec(stdout)?.[1] ?? 0)
  }
  const mayLogIn = (one: Person) => one.mayLogIn && !disabled.has(one.username)
  const hasPassword = (one: Person) => !('password' in one.row && one.row.password === null)

  await t.test('Django has users of every kind, and sessions', async t => {
    await django.createUsers(everybody.map(({ row }) => row))
    const users = everybody.filter(({ inDjango }, n) => inDjango && n % 3 > 0).slice(0, SESSIONS)
    const tokens = await forEach(users, logIn)
    t.equal(tokens.filter(Boolean).length, SESSIONS)
    const [kept, refreshed, blacklisted] = [tokens.slice(0, 120), tokens.slice(120, 160), tokens.slice(160)]
    const next = await forEach(refreshed, refresh => there('/api/token/refresh/', { refresh }))
    live.push(...kept, ...next.map(({ body }) => body.refresh as string))
    const ended = await forEach(blacklisted, refresh => there('/api/token/blacklist/', { refresh }))
    t.same(tally([...next, ...ended].map(({ status }) => status)), { 200: 80 })
    dead.push(...refreshed, ...blacklisted)
    const rows = new Sqlite(django.database)
    for (const { name, username } of users.slice(0, 5)) {
      rows.prepare('update auth_user set is_active = 0 where username = ?').run(name)
      disabled.add(username)
      dead.push(live.shift() as string)
    }
    rows.close()
  })

  await t.test('a rehearsal tells what the import does, and a second import changes nothing', async t => {
    await dump()
    const objects: Array<{ model: string; fields: { password: string } }> = JSON.parse(await readFile(exported, 'utf8'))
    const hashes = objects.filter(({ model }) => model === 'auth.user').map(({ fields }) => fields.password)
    t.same(
      [...new Set(hashes.map(hash => HASHES.find(start => hash.startsWith(start))))].sort(),
      HASHES.toSorted(),
      'every format is there, at a low cost and at that of Django'
    )
    const counts = { imported: USERS, unchanged: 0, refused: 0, blacklisted_tokens: 80 }
    t.match(await importing('--dry-run'), { ...counts, written: false })
    t.match(await importing(), { ...counts, written: true })
    const before = tables()
    const again = { imported: 0, unchanged: USERS, unchanged_under_other_name: 0, refused: 0, blacklisted_tokens: 0 }
    t.match(await importing(), { ...again, written: true })
    t.same(tables(), before)
    t.equal(await notLoggedIn(), everybody.filter(hasPassword).length)
  })

  await t.test('everybody has the roles that the groups stand for', async t => {
    const rows = select<Row>('SELECT username, roles FROM users')
    const roles = Object.fromEntries(rows.map(row => [row.username, JSON.parse(row.roles).sort()]))
    t.same(roles, Object.fromEntries(everybody.map(({ username, roles }) => [username, roles.toSorted()])))
  })

  const { url } = await serve(t, folder, {
    AUTH_SIMPLEJWT_KEY: KEY,
    AUTH_SIMPLEJWT_UNTIL: new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10),
    AUTH_REFRESH_GRACE: `${GRACE_MS / 1000}s`,
    AUTH_EMAIL_VERIFICATION: 'optional'
  })
  const here = poster(url)
  const refresh = (refresh: string) => here('/api/token/refresh/', { refresh })

  await t.test('who came to Django after the export, and what was blacklisted there, arrives with another', async t => {
    const late = person(USERS)
    everybody.push(late)
    await django.createUsers([late.row])
    live.push(await logIn(late))
    const ended = live.shift() as string
    t.equal((await there('/api/token/blacklist/', { refresh: ended })).status, 200)
    dead.push(ended)
    await dump()
    t.match(await importing(), { imported: 1, unchanged: USERS, refused: 0, blacklisted_tokens: 1 })
  })

  await django.stop()

  await t.test('every live refresh token of Django works once, and none that was blacklisted', async t => {
    t.equal(live.length, 155)
    t.same(tally((await forEach(dead, refresh)).map(({ status }) => status)), { 401: dead.length })
    const pairs = await forEach(live, refresh)
    t.same(tally(pairs.map(({ status }) => status)), { 200: live.length })
    const opened = await forEach(pairs, async ({ body }) => {
      const headers = { authorization: `Bearer ${body.access}` }
      const answer = await fetch(`${url}/api/protected/`, { headers })
      return ((await answer.json()) as { user: { username: string } }).user.username
    })
    t.equal(new Set(opened).size, live.length, 'each for its own user')
    await sleep(GRACE_MS)
    const [unused, used] = [pairs.slice(0, 20), pairs.slice(20)].map(some =>
      some.map(({ body }) => body.refresh as string)
    ) as [string[], string[]]
    t.same(tally((await forEach(used, refresh)).map(({ status }) => status)), { 200: used.length }, 'they go on')
    const again = await forEach(live, refresh)
    t.same(tally(again.map(({ body }) => `${body.detail}`)), { 'Token is blacklisted': live.length })
    t.same(
      tally((await forEach(unused, refresh)).map(({ status }) => status)),
      { 401: unused.length },
      'a thief has it'
    )
  })

  await t.test('everybody who may logs in with the old password, and nobody else', async t => {
    const enter = (one: Person, n: number, password = one.password) =>
      here(n % 10 === 0 ? '/api/login/' : '/api/token/', { username: one.name, password })
    const wrong = everybody.slice(0, 12)
    const guesses = await forEach(wrong, one => enter(one, 1, `${one.password}!`))
    t.same(tally(guesses.map(({ status }) => status)), { 401: wrong.length })
    const numbered = everybody.map((one, n) => ({ one, n }))
    const statuses = await forEach(numbered, async ({ one, n }) => (await enter(one, n)).status)
    const expected = everybody.map(one => (mayLogIn(one) ? 200 : 401))
    const surprises = everybody.filter((_, n) => statuses[n] !== expected[n])
    t.same(surprises, [])
    const { 200: entered = 0, 401: refused = 0 } = tally(expected)
    t.ok(entered > 800 && refused > 80, `${entered} did, ${refused} did not`)
  })

  await t.test('after the first login no hash of Django is left', async t => {
    const rows = select<Row>('SELECT username, password_hash FROM users WHERE password_hash IS NOT NULL')
    const foreign = rows.filter(row => !row.password_hash?.startsWith(OURS)).map(row => row.username)
    const without = everybody.filter(one => hasPassword(one) && !mayLogIn(one)).map(({ username }) => username)
    t.same(foreign.sort(), without.sort(), 'but of those who cannot log in')
    t.equal(await notLoggedIn(), without.length)
  })
})
