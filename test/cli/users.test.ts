import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createUsers } from '../../src/core/users.ts'
import { openDatabase } from '../../src/db/open.ts'
import { serve } from '../process.ts'
import { inFolder, postern, start } from './process.ts'

t.test('a user created beside a running server logs in at once, and is listed', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  const server = await serve(t, folder)
  const names = ['--username', 'ada', '--email', 'ada@example.com']
  const input = 'correct horse battery\nnot the password\n'
  const created = await postern(t, ['user', 'create', ...names, '--role', 'admin', '--role', 'ops', '--json'], {
    env,
    input
  })
  t.same([created.code, created.stderr], [0, ''])
  const user = JSON.parse(created.stdout)
  t.match(user, { username: 'ada', email: 'ada@example.com', roles: ['admin', 'ops'], last_login_at: null })
  t.notMatch(created.stdout, /password/)

  const login = await fetch(`${server.url}/api/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'ada', password: 'correct horse battery' })
  })
  t.equal(login.status, 200)

  const [table, lines, again] = await Promise.all([
    postern(t, ['user', 'list'], { env }),
    postern(t, ['user', 'list', '--json'], { env }),
    postern(t, ['user', 'create', '--username', 'ADA'], { env, input: 'ada12345' })
  ])
  t.match(table.stdout, new RegExp(`^ID +USERNAME .*\\n${user.id}  ada +ada@example\\.com .* admin,ops\\n$`))
  t.match(JSON.parse(lines.stdout), { ...user, last_login_at: /^20/ })
  t.equal(again.code, 1)
  t.equal(again.stdout, '')
  t.equal(
    again.stderr,
    'postern: The request does not fit; see errors.\n  username: A user with this name exists already.\n  password: Must not be your own name or address.\n'
  )
})

t.test('without a password on standard input no user is created, nor a database', async t => {
  const folder = t.testdir({})
  const { code, stderr } = await postern(t, ['user', 'create', '--username', 'ada'], {
    env: inFolder(`${folder}/data`)
  })
  t.equal(code, 1)
  t.equal(
    stderr,
    'postern: There is no usable password.\n  password: None came; its place is the first line of standard input.\n'
  )
  t.same(readdirSync(folder), [])
})

t.test('a list of many users is complete; a reader that stops early is no error', async t => {
  const env = inFolder(t.testdir({}))
  const db = await openDatabase(env.DATABASE_URL as string)
  const users = createUsers(db, Date.now)
  await db.write(function* () {
    for (let i = 0; i < 1000; i++)
      yield* users.add({ username: `user${i}`, email: null, passwordHash: 'none', roles: [] })
  })
  await db.close()
  const all = await postern(t, ['user', 'list', '--json'], { env })
  const names = all.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).username)
  t.equal(new Set(names).size, 1000)

  const child = start(t, ['user', 'list'], { env })
  const complaints = text(child.stderr)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  t.same([code, await complaints], [0, ''])
})
