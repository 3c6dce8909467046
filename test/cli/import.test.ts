import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { openDatabase } from '../../src/db/open.ts'
import { csv, csvRow, deployment } from '../import/files.ts'
import { serve } from '../process.ts'
import { postern, start, until } from './process.ts'

const many = (count: number) => csv(...Array.from({ length: count }, (_, n) => csvRow(n + 1, `user${n + 1}`)))

t.test('an import that was killed half-way is completed by another, and everybody is there once', async t => {
  const { file, run, users, audit, env } = deployment(t)
  const path = await file('users.csv', many(6000))
  const db = await openDatabase(env.DATABASE_URL as string)
  const some = db.prepare('test_some', q => q.select({ id: db.tables.users.id }).from(db.tables.users).limit(1))
  const child = start(t, ['user', 'import', path], { env })
  await until(async () => (await db.read(some())).length > 0)
  child.kill('SIGKILL')
  await once(child, 'close')
  await db.close()
  const before = (await users()).length
  t.ok(before > 0 && before < 6000, `${before} were there`)

  const { code, summary } = await run(path)
  t.equal(code, 0)
  t.match(summary, { imported: 6000 - before, unchanged: before, unchanged_under_other_name: 0 })
  const after = await users()
  t.equal(new Set(after.map(user => user.legacyId)).size, 6000)
  t.equal(after.length, 6000)
  const counted = (await audit()).reduce((sum, { detail }) => sum + (detail.users as number), 0)
  t.equal(counted, 6000, 'the audit trail has everybody once, too')
})

t.test('beside a running server: it goes on, and what its users changed since is not undone', async t => {
  const { folder, file, run, users } = deployment(t)
  const { url } = await serve(t, folder)
  const post = async (path: string, body: object, access = '') => {
    const headers = { 'content-type': 'application/json', ...(access && { authorization: `Bearer ${access}` }) }
    return await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  const path = await file('users.csv', many(1500))
  const importing = run(path)
  const registered = []
  for (let n = 0; n < 10; n++)
    registered.push(
      (await post('/api/register/', { username: `new${n}`, email: `new${n}@example.com`, password: 'correct horse' }))
        .status
    )
  t.same(registered, Array(10).fill(201))
  t.match(await importing, { code: 0, summary: { imported: 1500 } })

  const login = await post('/api/login/', { username: 'user1', password: 'correct horse' })
  const { access } = (await login.json()) as { access: string }
  const passwords = { old_password: 'correct horse', new_password: 'another battery' }
  t.equal((await post('/api/change-password/', passwords, access)).status, 200)
  await file(
    'users.csv',
    many(1500).replace('user2@', 'changed@').replace(',user3,', ',other3,').replace('user3@', 'o@')
  )
  const again = await run(path)
  t.match(again.summary, { imported: 0, unchanged: 1500, unchanged_under_other_name: 1 })
  t.equal((await post('/api/login/', { username: 'user1', password: 'another battery' })).status, 200)
  t.match(
    (await users()).find(user => user.legacyId === '2'),
    { username: 'user2', email: 'user2@example.com' }
  )
})

t.test('people read a summary, and a line of progress for every 10,000 users', async t => {
  const { file, env } = deployment(t)
  const path = await file('users.csv', csv(csvRow(1, 'ada@example.com', '')).replace('first_name', 'phone'))
  const child = start(t, ['user', 'import', path], { env })
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
  t.match(stdout, /^Imported +1\nUnchanged +0\nRefused +0\nBlacklisted tokens +0\nThe user name of 1 was the address:/)
  t.match(stdout, /\nIgnored columns: phone\.\n$/)
  const large = await file('large.csv', many(10_000))
  const dry = await postern(t, ['user', 'import', large, '--dry-run'], { env })
  t.equal(dry.stderr, 'Reading: 10000 users\nChecking: 10000 users\n')
  t.match(dry.stdout, /\nNothing was written: this was a dry run\.\n$/)
})

t.test('wrong options are named before anything is opened', async t => {
  const { file } = deployment(t)
  const path = await file('users.csv', many(1))
  const memory = await postern(t, ['user', 'import', path], { env: { DATABASE_URL: 'sqlite::memory:' } })
  t.equal(memory.code, 1)
  t.match(memory.stderr, /sqlite::memory:, where no user stays/)
  const cases: Array<[args: string[], message: RegExp]> = [
    [[], /^postern: user import: one FILE is needed\n$/],
    [[path, '--format', 'xml'], /--format is one of csv, json, jsonl, fixture, sqlite\n$/],
    [[path, '--group', 'editors'], /--group is GROUP=ROLE, not editors\n$/],
    [[path, '--role-for-staff', 'a b'], /--role-for-staff a b: Must be letters, digits/]
  ]
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stderr } = await postern(t, ['user', 'import', ...args])
      t.equal(code, 2)
      t.match(stderr, message)
    })
  )
})
