import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { postern, start, until } from '../cli/process.ts'
import { build, client } from '../helper.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { anyServer, skip } from './server.ts'

t.test('moving from SQLite to Postgres', { skip }, async t => {
  const server = await anyServer(t)
  const copy = (t: Test, folder: string, to: string) =>
    postern(t, ['migrate-store', '--from', `sqlite:${folder}/postern.db`, '--json'], { env: { DATABASE_URL: to } })

  /** A store with everything that a service leaves in it: logins, logouts, wrong passwords, mails, a client. */
  async function filled(t: Test) {
    const folder = t.testdir()
    const app = await build(t, { databaseUrl: `sqlite:${folder}/postern.db` })
    const http = client(app)
    for (const name of ['ada', 'eve', 'Łucja', 'ßteve'])
      await http.register(name, 'correct horse', `${name.length}${Date.now()}@example.com`)
    const [stays, ends, spent] = [await http.login(), await http.login(), await http.login()]
    await http.logout(ends.refresh)
    const fresh = (await http.refresh(spent.refresh)).json()
    await http.post('/api/login/', { username: 'eve', password: 'wrong horse' })
    const { client: machine } = await app.core.clients.create('Großhandel "Ω"', ['orders:read'])
    const key = app.core.signingKeys
      .list()
      .map(({ kid }) => kid)
      .sort()
    await app.close()
    return {
      folder,
      stays,
      ends,
      spent,
      fresh,
      machine,
      key,
      secret: readFileSync(join(folder, 'secret'), 'utf8').trim()
    }
  }

  const over = (t: Test, databaseUrl: string, authSecret: string, folder: string): Promise<FastifyInstance> =>
    build(t, { databaseUrl, authSecret, dataDir: join(folder, 'other') })

  t.test('brings everything along, and nobody has to log in again', async t => {
    const [{ folder, stays, ends, fresh, machine, key, secret }, to] = [
      await filled(t),
      await postgresDatabase(t, server, { empty: true })
    ]
    const { code, stdout, stderr } = await copy(t, folder, to)
    t.equal(code, 0, stderr)
    const tables = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    t.match(
      tables.find(({ table }) => table === 'users'),
      { rows: 4 }
    )
    t.match(
      tables.find(({ table }) => table === 'sessions'),
      { rows: 3 }
    )
    for (const { sha256 } of tables) t.match(sha256, /^[0-9a-f]{64}$/)

    const app = await over(t, to, secret, folder)
    const http = client(app)
    t.same(
      app.core.signingKeys
        .list()
        .map(({ kid }) => kid)
        .sort(),
      key,
      'the keys are the same'
    )
    t.equal((await http.protected(stays.access)).statusCode, 200)
    t.equal((await http.refresh(stays.refresh)).statusCode, 200)
    t.equal((await http.refresh(fresh.refresh)).statusCode, 200)
    t.equal((await http.protected(ends.access)).statusCode, 401, 'what was revoked stays so')
    t.equal((await http.refresh(ends.refresh)).statusCode, 401)
    t.ok((await http.login('Łucja')).access)
    t.ok((await http.login('ßteve')).access)
    t.same(
      (await app.core.clients.list()).map(({ id }) => id),
      [machine.id]
    )
    t.equal(
      (await http.register('ADA', 'correct horse', 'another@example.com')).statusCode,
      400,
      'names are still taken'
    )
  })

  t.test('goes on after a kill, and no service starts on a half', async t => {
    const [{ folder, stays, secret }, to] = [await filled(t), await postgresDatabase(t, server, { empty: true })]
    const file = new Sqlite(join(folder, 'postern.db'))
    const insert = file.prepare('INSERT INTO known_devices (id, user_id, seen_at) SELECT ?, id, 0 FROM users LIMIT 1')
    file.transaction(() => {
      for (let at = 0; at < 60_000; at++) insert.run(`device ${at}`)
    })()
    file.close()

    const child = start(t, ['migrate-store', '--from', `sqlite:${folder}/postern.db`], { env: { DATABASE_URL: to } })
    const count = () =>
      asSuperuser(
        to,
        async client => (await client.query(`SELECT count(*)::int AS n FROM known_devices`)).rows[0].n
      ).catch(() => 0)
    await until(async () => (await count()) > 1000)
    child.kill('SIGKILL')
    await until(() => child.signalCode !== null)
    const half = await count()
    t.ok(half < 60_000, `it was killed at ${half} rows`)
    await t.rejects(over(t, to, secret, folder), { message: /copy into it is not finished.*migrate-store/ })

    const { code, stderr } = await copy(t, folder, to)
    t.equal(code, 0, stderr)
    t.equal(await count(), 60_001)
    t.equal((await client(await over(t, to, secret, folder)).protected(stays.access)).statusCode, 200)
  })

  t.test('refuses what it could spoil, and says why', async t => {
    const [{ folder }, to] = [await filled(t), await postgresDatabase(t, server)]
    await asSuperuser(to, client =>
      client.query(`INSERT INTO login_failures (key, failures, last_at) VALUES ('a', 1, now())`)
    )
    const full = await copy(t, folder, to)
    t.same([full.code, full.stdout], [1, ''])
    t.match(full.stderr, /not empty: it has rows in login_failures/)

    const writer = new Sqlite(join(folder, 'postern.db'))
    writer.exec('BEGIN IMMEDIATE')
    const busy = await copy(t, folder, to)
    writer.close()
    t.equal(busy.code, 1)
    t.match(busy.stderr, /is in use\. Stop the service/)

    for (const [args, said] of [
      [['--from', 'postgres://a@b/c', '--to', to], /--from is sqlite:PATH/],
      [['--from', `sqlite:${folder}/nowhere.db`, '--to', to], /there is no file/],
      [['--from', `sqlite:${folder}/postern.db`, '--to', 'mysql://root:hunter2@db'], /--to, or DATABASE_URL/]
    ] as const) {
      const wrong = await postern(t, ['migrate-store', ...args])
      t.equal(wrong.code, 2)
      t.match(wrong.stderr, said)
      t.notMatch(wrong.stderr, /hunter2/)
    }
  })

  t.test('notices when the copy is not what the file holds', async t => {
    const [{ folder }, to] = [await filled(t), await postgresDatabase(t, server, { empty: true })]
    await copy(t, folder, to)
    await asSuperuser(to, async client => {
      await client.query('CREATE TABLE postern_unfinished_copy (origin text)')
      await client.query(`UPDATE sessions SET user_agent = 'somebody else'`)
    })
    const file = new Sqlite(join(folder, 'postern.db'))
    const key = file.prepare('SELECT kid FROM signing_keys ORDER BY kid LIMIT 1').pluck().get()
    const user = file.prepare('SELECT id FROM users ORDER BY id LIMIT 1').pluck().get()
    file.close()
    const origin = (await import('node:crypto')).hash('sha256', [user, key].join())
    await asSuperuser(to, client => client.query('INSERT INTO postern_unfinished_copy VALUES ($1)', [origin]))
    const { code, stderr } = await copy(t, folder, to)
    t.equal(code, 1)
    t.match(stderr, /The copy of sessions is not what the file holds/)
  })
})
