import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { createUsers } from '../../src/core/users.ts'
import { openDatabase } from '../../src/db/open.ts'
import { build, client } from '../helper.ts'
import { csv, csvRow, deployment } from './files.ts'

const address = (id: number, name: string) => csvRow(id, name, name)

t.test(
  'whose user name is the address gets the part before the @, and goes on logging in with the address',
  async t => {
    const { file, run, users, env } = deployment(t)
    const rows = [
      address(1, 'ada@example.com'),
      csvRow(2, 'Eve@Example.com', ''),
      address(3, 'info@one.example'),
      address(4, 'info@two.example'),
      csvRow(5, 'bob', ''),
      address(6, 'bob@example.com'),
      address(7, "o'brien@example.com")
    ]
    const { code, summary } = await run(await file('users.csv', csv(...rows)))
    t.equal(code, 0)
    t.match(summary, { imported: 7, named_after_address: 6 })
    t.same(
      (await users()).map(({ username, email }) => [username, email]),
      [
        ['Eve', 'Eve@Example.com'],
        ['ada', 'ada@example.com'],
        ['bob', null],
        ['bob-6', 'bob@example.com'],
        ['info-3', 'info@one.example'],
        ['info-4', 'info@two.example'],
        ['o-brien', "o'brien@example.com"]
      ]
    )
    const http = client(await build(t, { databaseUrl: env.DATABASE_URL as string }))
    for (const name of ['ada@example.com', 'eve@example.com', 'INFO@two.example']) t.ok((await http.login(name)).access)
  }
)

t.test('a file without user names will do, when it has addresses', async t => {
  const { file, run, users } = deployment(t)
  await run(await file('users.csv', 'id,email,password\n1,ada@example.com,!\n'))
  t.match(await users(), [{ username: 'ada', email: 'ada@example.com' }])
})

t.test('a user name that is the address of somebody else is refused', async t => {
  const { file, run } = deployment(t)
  const { code, stderr } = await run(await file('users.csv', csv(csvRow(1, 'eve@example.com', 'ada@example.com'))))
  t.equal(code, 1)
  t.match(stderr, /line 2, "ada@example\.com": username: Is an address, but not the one of this user/)
})

t.test('who is a user of Postern already is in the way of the same name and the same address', async t => {
  const { file, run, users, env } = deployment(t)
  const db = await openDatabase(env.DATABASE_URL as string)
  const ours = createUsers(db, Date.now)
  await db.write(() => ours.add({ username: 'ADA', email: 'x@example.com', passwordHash: 'none', roles: [] }))
  await db.close()
  const path = await file('users.csv', csv(csvRow(1, 'ada', ''), csvRow(2, 'eve', 'X@example.com')))
  const { code, stderr } = await run(path)
  t.equal(code, 1)
  t.match(stderr, /line 2, "ada": username: "ada" is a user of Postern already\./)
  t.match(stderr, /line 3, "eve": email: "x@example\.com" is that of a user of Postern already\./)
  await writeFile(path, csv(address(1, 'ada@example.com')))
  t.equal((await run(path)).code, 0)
  t.match(await users(), [{ username: 'ADA' }, { username: 'ada-1' }])
})
