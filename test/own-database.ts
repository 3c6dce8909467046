import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Test } from 'tap'
import type { Options } from '../src/config.ts'
import { readMigrationFiles } from '../src/db/drizzle.ts'
import { migrationsFolder } from '../src/db/migrate.ts'
import { openPostgres } from '../src/db/postgres.ts'

/** A Postgres server, as its superuser: with it every test that names no database has one of its own there. */
export const postgresServer = process.env.POSTERN_TEST_POSTGRES

/** The settings of a database that nobody else uses, gone when the test ends. */
export async function ownDatabase(t: Test): Promise<Options> {
  if (!postgresServer) return { databaseUrl: 'sqlite::memory:' }
  return { databaseUrl: await postgresDatabase(t, postgresServer), authSecret: 'a master secret that only tests have' }
}

/** The URL of a database of its own on a Postgres server, with all tables; `empty` has none. */
export async function postgresDatabase(t: Test, server: string, { empty = false } = {}): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await asSuperuser(server, async client => {
    const template = empty ? 'template1' : await templateOn(client, server)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  t.teardown(() => asSuperuser(server, client => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)))
  return at(server, name)
}

function at(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

export async function asSuperuser<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Migrated once for all tests: a copy costs less than the migrations. */
async function templateOn(client: pg.Client, server: string): Promise<string> {
  const last = readMigrationFiles({ migrationsFolder: migrationsFolder('postgres') }).at(-1)
  const name = `template_${last?.hash.slice(0, 16)}`
  const exists = async () =>
    (await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [name])).rowCount
  if (await exists()) return name
  await client.query('SELECT pg_advisory_lock(1)')
  if (!(await exists())) {
    await client.query(`DROP DATABASE IF EXISTS ${name}`)
    await client.query(`CREATE DATABASE ${name}`)
    await (await openPostgres(at(server, name), 2)).close()
    await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true`)
  }
  await client.query('SELECT pg_advisory_unlock(1)')
  return name
}
