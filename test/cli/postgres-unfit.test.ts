import type pg from 'pg'
import t from 'tap'
import { readMigrationFiles } from '../../src/db/drizzle.ts'
import { migrationsFolder } from '../../src/db/migrate.ts'
import { startPostgres } from '../../tools/postgres.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { ownServer, skip } from '../postgres/server.ts'
import { AUTH_SECRET, doctor, refusal, tell } from './postgres-refusals.ts'
import { postern } from './process.ts'

const timeout = 110_000

t.test('what keeps a server from being the store is named', { skip, timeout }, async t => {
  const server = await ownServer(t)
  await tell(
    server.url,
    `COPY (VALUES ('host all all all trust'), ('host replication all all trust'), ('local all all trust')) TO '${server.folder}/pg_hba.conf'`,
    'SELECT pg_reload_conf()'
  )
  const empty = () => postgresDatabase(t, server.url, { empty: true })
  const migrated = () => postgresDatabase(t, server.url)

  t.test('tables of another program, and tables of a newer version', { timeout }, async t => {
    const foreign = await empty()
    await tell(foreign, 'CREATE TABLE users (name text)')
    const newer = await migrated()
    await tell(newer, `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('f00', 9999999999999)`)
    t.match(await Promise.all([refusal(t, foreign), refusal(t, newer)]), [
      /: it has tables of another program\. Give Postern a database of its own/,
      /^postern: Cannot use the database.*: a newer version of Postern has changed its tables\./
    ])
    t.same(await tablesOf(foreign), ['users'], 'nothing was made')
    t.match(await doctor(t, foreign), /^fail {2}the database belongs to another program/m)
  })

  t.test('tables of an older version are brought up to date', { timeout }, async t => {
    const url = await empty()
    const [first] = readMigrationFiles({ migrationsFolder: migrationsFolder('postgres') })
    await tell(
      url,
      ...(first?.sql ?? []),
      'CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint NOT NULL)',
      `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('${first?.hash}', ${first?.folderMillis})`
    )
    const env = { DATABASE_URL: url, DATA_DIR: t.testdir({}), AUTH_SECRET }
    t.match(await postern(t, ['doctor'], { env }), { stdout: /^warn {2}the tables lack \d of the migrations/m })
    t.match(await postern(t, ['migrate'], { env }), { code: 0, stderr: '', stdout: /: \d migrations? applied\n$/ })
    t.match(await postern(t, ['migrate'], { env }), { stdout: /: up to date, nothing to do\n$/ })
  })

  t.test('a database that only reads, a server that is too old, and a standby', { timeout }, async t => {
    const url = await migrated()
    const database = new URL(url).pathname.slice(1)
    await tell(url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`)
    const [readOnly, findings] = await Promise.all([refusal(t, url), doctor(t, url)])
    t.match(readOnly, /: it is set to read only\. Reset default_transaction_read_only/)
    t.match(findings, /^fail {2}the database is set to read only/m)
    t.match(findings, /^fail {2}a crash loses what was committed.* fsync/m, 'as the server of this test')
    await tell(server.url, `ALTER DATABASE ${database} RESET default_transaction_read_only`)

    // A server that says so of itself: what is found first is not what every server brings.
    await tell(
      url,
      'CREATE SCHEMA old',
      `CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql
        AS $$ SELECT CASE name WHEN 'server_version_num' THEN '130022' ELSE pg_catalog.current_setting(name) END $$`,
      `ALTER DATABASE ${database} SET search_path = old, pg_catalog, public`
    )
    t.match(await refusal(t, url), /: it is PostgreSQL 13; 14 or newer is needed\. Update it\.$/m)
    t.match(await doctor(t, url), /^fail {2}\S+ is PostgreSQL \S+ .*Update it to 14 or newer/m)

    const standby = await startPostgres(['hot_standby=on'], folder => {
      server.run('pg_basebackup', '-D', folder, '-R', '-c', 'fast', '--no-sync')
    })
    t.teardown(() => standby.remove())
    t.match(await refusal(t, standby.url), /: it is a standby, which only reads\. Let DATABASE_URL name the primary/)
    const [follower, leader] = await Promise.all([doctor(t, standby.url), doctor(t, server.url)])
    t.match(follower, /^fail {2}the database is a standby, which only reads\./m)
    t.match(leader, /^warn {2}no commit waits for a standby/m)
  })
})

const tablesOf = (url: string): Promise<string[]> =>
  asSuperuser(url, async (client: pg.Client) => {
    const { rows } = await client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
    return rows.map(({ tablename }) => tablename)
  })
