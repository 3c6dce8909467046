import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate as drizzleMigrate } from 'drizzle-orm/better-sqlite3/migrator'
import t from 'tap'
import { columns } from '../../src/db/columns.postgres.ts'
import { migrate, migrationsFolder } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { defineTables } from '../../src/db/schema.ts'
import * as postgresTables from '../../src/db/tables.postgres.ts'
import * as sqliteTables from '../../src/db/tables.sqlite.ts'
import { open, run } from './store.ts'

const applied = (sqlite: Sqlite.Database) => sqlite.prepare('SELECT * FROM __drizzle_migrations').all()
const entries = (folder: string): Array<{ tag: string; when: number }> =>
  JSON.parse(readFileSync(`${folder}/meta/_journal.json`, 'utf8')).entries

t.test('eight processes that start at once on an empty folder are all ready, each migration applied once', async t => {
  const path = `${t.testdir({})}/postern.db`
  const answers = await Promise.all(Array.from({ length: 8 }, () => run(t, ['start', path]).rest()))
  t.same(answers, Array(8).fill(['ready']))
  const { connection } = await open(t, path)
  t.equal(applied(connection).length, entries(migrationsFolder('sqlite')).length)
})

t.test('migrations are recorded as drizzle-kit does, which finds nothing left to do', async t => {
  const { connection } = await open(t)
  const before = applied(connection)
  drizzleMigrate(drizzle(connection), { migrationsFolder: migrationsFolder('sqlite') })
  t.same(applied(connection), before)
  t.match(before[0], { hash: /^[0-9a-f]{64}$/, created_at: entries(migrationsFolder('sqlite'))[0]?.when })
})

t.test('a database that a newer version has changed is refused and left alone', async t => {
  const { path, connection } = await open(t)
  connection.exec(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('f00', ${Date.now() + 1e9})`)
  const before = applied(connection)
  const message = /postern\.db: a newer version of Postern has changed its tables\. Start that version/
  await t.rejects(openDatabase(`sqlite:${path}`), { name: 'StoreStartError', message })
  t.same(applied(connection), before)
})

/** The real migrations and one more, in a folder of their own. */
function extended(folder: string, ...statements: string[]): string {
  cpSync(migrationsFolder('sqlite'), folder, { recursive: true })
  const known = entries(folder)
  const next = { tag: 'next', when: (known.at(-1)?.when ?? 0) + 1, breakpoints: true }
  writeFileSync(`${folder}/meta/_journal.json`, JSON.stringify({ entries: [...known, next] }))
  writeFileSync(`${folder}/next.sql`, statements.join(';--> statement-breakpoint\n'))
  return folder
}

const latest = (dialect: 'sqlite' | 'postgres') => {
  const last = String(entries(migrationsFolder(dialect)).length - 1).padStart(4, '0')
  return JSON.parse(readFileSync(`${migrationsFolder(dialect)}/meta/${last}_snapshot.json`, 'utf8'))
}

t.test('only what is missing is applied, and a table can be rebuilt without losing what refers to it', async t => {
  const { path, connection, db, addUser, addSession } = await open(t)
  await db.write(function* () {
    yield* addUser({ id: '1', username: 'ada', email: null })
    yield* addSession({ id: 's', userId: '1' })
  })
  const folder = extended(
    `${path}.migrations`,
    'CREATE TABLE kept AS SELECT * FROM users',
    'DROP TABLE users',
    'CREATE TABLE users (id text PRIMARY KEY)',
    'INSERT INTO users SELECT id FROM kept'
  )
  migrate(connection, folder)
  migrate(connection, folder)
  t.equal(applied(connection).length, entries(folder).length)
  t.equal(connection.prepare('SELECT user_id FROM sessions').pluck().get(), '1')
})

t.test('a migration that would leave a row referring to nothing is undone', async t => {
  const { path, connection, db, addUser, addSession } = await open(t)
  await db.write(function* () {
    yield* addUser({ id: '1', username: 'ada', email: null })
    yield* addSession({ id: 's', userId: '1' })
  })
  const folder = extended(`${path}.migrations`, 'CREATE TABLE extra (id text)', 'DELETE FROM users')
  t.throws(() => migrate(connection, folder), {
    name: 'StoreStartError',
    message: /rows of sessions refer to rows of users that do not exist\. Nothing was changed/
  })
  t.equal(connection.prepare('SELECT count(*) FROM users').pluck().get(), 1)
  t.throws(() => connection.prepare('SELECT * FROM extra'))
})

t.test('SIGKILL in the middle of a migration leaves the database as it was', async t => {
  const { path, db, insert } = await open(t)
  await insert('a')
  await db.close()
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000)'
  const folder = extended(`${path}.migrations`, `CREATE TABLE big AS ${endless} SELECT i, randomblob(100) FROM n`)
  const child = run(t, ['migrate', path, folder])
  t.equal(await child.line(), 'migrating')
  while (!existsSync(`${path}-wal`) || statSync(`${path}-wal`).size < 1e6) await sleep(5)
  child.kill()
  t.same(await child.rest(), [], 'it was killed before its commit')
  const { connection, jtis } = await open(t, path)
  t.same(await jtis(), ['a'])
  t.equal(applied(connection).length, entries(migrationsFolder('sqlite')).length)
  t.throws(() => connection.prepare('SELECT * FROM big'))
  t.equal(connection.pragma('integrity_check', { simple: true }), 'ok')
})

for (const [dialect, name] of [['sqlite', 'sqlite'] as const, ['postgresql', 'postgres'] as const])
  t.test(`the ${name} migrations are in step with the schema`, async t => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const folder = t.testdir({})
    cpSync(migrationsFolder(name), folder, { recursive: true })
    const kit = `${root}/node_modules/drizzle-kit/bin.cjs`
    const options = ['--dialect', dialect, '--schema', `src/db/tables.${name}.ts`, '--out', relative(root, folder)]
    const { stdout, status } = spawnSync(process.execPath, [kit, 'generate', ...options], {
      cwd: root,
      encoding: 'utf8'
    })
    t.equal(status, 0)
    t.match(stdout, 'No schema changes')
    t.same(readdirSync(folder).sort(), readdirSync(migrationsFolder(name)).sort())
  })

t.test('both databases get the same tables, columns, keys and indexes', async t => {
  const { connection } = await open(t)
  const postgres = Object.values<PostgresTable>(latest('postgres').tables)
  const tables = connection.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'"
  )
  t.same(postgres.map(table => table.name).sort(), tables.pluck().all().sort())
  for (const { name, columns, indexes, foreignKeys, uniqueConstraints } of postgres) {
    const info = connection.pragma(`table_info(${name})`) as Array<{ name: string; notnull: number; pk: number }>
    t.same(
      Object.values(columns).map(column => [column.name, column.notNull, column.primaryKey]),
      info.map(column => [column.name, column.notnull === 1, column.pk === 1]),
      name
    )
    const list = connection.pragma(`index_list(${name})`) as Array<{ name: string }>
    t.same(
      [...Object.keys(indexes), ...Object.keys(uniqueConstraints)].sort(),
      list
        .map(index => index.name)
        .filter(index => !index.startsWith('sqlite_'))
        .sort()
    )
    const references = connection.pragma(`foreign_key_list(${name})`) as Array<{ table: string; on_delete: string }>
    t.same(
      Object.values(foreignKeys).map(key => [key.tableTo, key.onDelete.toUpperCase()]),
      references.map(key => [key.table, key.on_delete])
    )
  }
})

interface PostgresTable {
  name: string
  columns: Record<string, { name: string; notNull: boolean; primaryKey: boolean }>
  indexes: object
  uniqueConstraints: object
  foreignKeys: Record<string, { tableTo: string; onDelete: string }>
}

t.test('drizzle-kit sees every table of the schema', async t => {
  t.same(Object.keys(postgresTables).sort(), Object.keys(defineTables(columns)).sort())
  t.same(Object.keys(sqliteTables).sort(), Object.keys(defineTables(columns)).sort())
})

t.test(
  'users and mailed tokens are found by their own key, and not by a row number that a damaged bit changes',
  async t => {
    const { connection } = await open(t)
    const tables = connection.pragma('table_list') as Array<{ name: string; wr: number }>
    for (const name of ['users', 'one_time_tokens'])
      t.match(
        tables.find(table => table.name === name),
        { wr: 1 },
        name
      )
  }
)
