import { join } from 'node:path'
import t, { type Test } from 'tap'
import { build, client } from '../helper.ts'
import { csv, csvRow, deployment, djangoFile, HASH, HEADER } from './files.ts'

const ADA = {
  password: HASH,
  last_login: '2025-11-02T09:41:07.123Z',
  is_superuser: true,
  username: 'ada',
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  is_staff: true,
  is_active: true,
  date_joined: '2020-01-31T12:00:00Z'
}
const EVE = { ...ADA, password: '!unusable', last_login: null, is_superuser: false, is_staff: false, is_active: false }
const NAMELESS = { username: 'eve', email: '', first_name: '', last_name: '', date_joined: '2021-01-31T12:00:00.5Z' }
const rows = [
  { id: 1, ...ADA },
  { id: 7, ...EVE, ...NAMELESS }
]
const lines = (values: object[]) => values.map(value => `${JSON.stringify(value)}\n`).join('')
const outstanding = (pk: number, jti: string, expires_at: string) => ({
  model: 'token_blacklist.outstandingtoken',
  pk,
  fields: { user: 1, jti, token: 'x', expires_at }
})
const tokens = [
  { model: 'token_blacklist.blacklistedtoken', pk: 1, fields: { token: 1, blacklisted_at: '2026-01-01T00:00:00Z' } },
  { model: 'token_blacklist.blacklistedtoken', pk: 2, fields: { token: 3, blacklisted_at: '2026-01-01T00:00:00Z' } },
  outstanding(1, 'dead', '2999-01-01T00:00:00Z'),
  outstanding(2, 'alive', '2999-01-01T00:00:00Z'),
  outstanding(3, 'expired', '2001-01-01T00:00:00Z')
]

/** A fixture whose groups come last, as they may. */
const fixture = (model: string, groups: unknown[]) => [
  { model: 'contenttypes.contenttype', pk: 1, fields: { app_label: 'auth' } },
  { model: 'mail.account', pk: 1, fields: { username: 'smtp', password: 'secret' } },
  { model, pk: 1, fields: { ...ADA, groups, user_permissions: [] } },
  { model, pk: 7, fields: { ...EVE, ...NAMELESS, groups: [], user_permissions: [] } },
  ...tokens,
  { model: 'auth.group', pk: 3, fields: { name: 'editors', permissions: [] } }
]

const csvRows = [
  `1,${HASH},2025-11-02 10:41:07.123456+01,t,ada,Ada,Lovelace,ada@example.com,true,1,2020-01-31 12:00:00+00`,
  '7,!unusable,,f,eve,"","",,f,0,2021-01-31 12:00:00.5'
].join('\r\n')

const cases: Array<{ name: string; content: string; options?: string[]; groups?: boolean; tokens?: boolean }> = [
  { name: 'CSV with CRLF and a byte order mark', content: `\uFEFF${HEADER}\r\n${csvRows}\r\n` },
  { name: 'a JSON array', content: `\uFEFF${JSON.stringify(rows, undefined, 2)}` },
  { name: 'JSON lines', content: lines(rows) },
  { name: 'a fixture', content: JSON.stringify(fixture('auth.user', [3])), groups: true, tokens: true },
  {
    name: 'a fixture with natural keys and a custom model',
    content: JSON.stringify(fixture('accounts.Member', [['editors']])),
    groups: true,
    tokens: true
  },
  {
    name: 'a fixture in lines, by its name',
    content: lines(fixture('auth.user', [3])),
    options: ['--format', 'fixture', '--table', 'auth.user'],
    groups: true,
    tokens: true
  }
]

/** What must be there, whatever the file was. */
function same(t: Test, users: Array<{ profile: object }>, groups: boolean) {
  t.match(users, [
    {
      legacyId: '1',
      username: 'ada',
      email: 'ada@example.com',
      emailVerified: false,
      passwordHash: HASH,
      passwordVersion: 1,
      roles: groups ? ['editors', 'staff', 'admin'] : ['staff', 'admin'],
      profile: { first_name: 'Ada', last_name: 'Lovelace' },
      active: true,
      createdAt: new Date('2020-01-31T12:00:00Z'),
      lastLoginAt: new Date('2025-11-02T09:41:07.123Z')
    },
    {
      legacyId: '7',
      username: 'eve',
      email: null,
      passwordHash: null,
      roles: [],
      active: false,
      createdAt: new Date('2021-01-31T12:00:00.500Z'),
      lastLoginAt: null
    }
  ])
  t.equal(users.length, 2)
  t.same(users[1]?.profile, {})
}

for (const { name, content, options = [], groups = false, tokens: withTokens = false } of cases) {
  t.test(`${name} is recognized, and imported whole`, async t => {
    const { file, run, users, revoked } = deployment(t)
    const { code, stderr, summary } = await run(await file('users', content), ...options)
    t.same([code, stderr], [0, ''])
    t.match(summary, { written: true, imported: 2, refused: 0, blacklisted_tokens: withTokens ? 1 : 0 })
    same(t, await users(), groups)
    const refused = [{ jti: 'dead', sid: 'simplejwt', reason: 'imported', expiresAt: new Date('2999-01-01') }]
    t.match(await revoked(), withTokens ? refused : [])
  })
}

t.test('a SQLite file of Django is imported whole, with a custom user table as well', async t => {
  for (const table of ['auth_user', 'accounts_member']) {
    const { folder, run, users, revoked } = deployment(t)
    const path = join(folder, `${table}.sqlite3`)
    djangoFile(path, table)
    const { code, summary } = await run(path)
    t.equal(code, 0)
    t.match(summary, { imported: 2, blacklisted_tokens: 1, ignored_columns: [] })
    same(t, await users(), true)
    t.match(await revoked(), [{ jti: 'dead' }])
  }
})

t.test('an imported user logs in with the old password, and one without a usable password does not', async t => {
  const { file, run, env } = deployment(t)
  await run(await file('users.csv', csv(csvRow(1, 'ada'), csvRow(2, 'eve', '', '!'))), '--email-verified')
  const http = client(await build(t, { databaseUrl: env.DATABASE_URL as string }))
  const { access } = await http.login('ada')
  t.match((await http.protected(access)).json(), { user: { username: 'ada', email_verified: true } })
  t.equal((await http.post('/api/login/', { username: 'eve', password: '!' })).statusCode, 401)
})

t.test('the blacklist alone is imported, from a fixture without users', async t => {
  const { file, run, revoked, audit } = deployment(t)
  const path = await file('tokens.json', JSON.stringify(tokens))
  t.match((await run(path)).summary, { written: true, imported: 0, blacklisted_tokens: 1 })
  t.match((await run(path)).summary, { blacklisted_tokens: 0 }, 'the second time it is there already')
  t.equal((await revoked()).length, 1)
  t.match(await audit(), [{ event: 'authn_token_revoked', detail: { reason: 'imported', tokens: 1 } }])
})

t.test('staff, superusers and groups become the roles that are asked for', async t => {
  const { file, run, users } = deployment(t)
  const all = [
    { ...rows[0], groups: ['Content editors', 'a=b', 'ops'] },
    { ...rows[1], groups: ['old'] }
  ]
  const path = await file('users.json', JSON.stringify(all))
  const roles = ['--role-for-staff', 'crew', '--role-for-superuser', '']
  const groups = ['--group', 'Content editors=editor', '--group', 'a=b=c', '--group', 'old=']
  t.equal((await run(path, ...roles, ...groups)).code, 0)
  t.same(
    (await users()).map(user => user.roles),
    [['editor', 'c', 'ops', 'crew'], []]
  )
})
