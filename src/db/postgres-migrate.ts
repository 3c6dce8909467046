import type { Client } from 'pg'
import { StoreStartError } from './database.ts'
import { readMigrationFiles } from './drizzle.ts'
import { inspectRights } from './inspect-server.ts'
import { migrationsFolder } from './migrate.ts'
import { reader } from './postgres-reader.ts'
import { run } from './postgres-run.ts'
import { GRANT } from './postgres-start.ts'

/** Any number that no other program takes for its own lock: "postern" in the letters of a telephone. */
const LOCK = 7678376

/** The table that is there while the store is copied into a database: what it holds by then is a part. */
export const UNFINISHED = 'postern_unfinished_copy'

/**
 * Applies the migrations that a database lacks, all of them or none, each once however many processes try: whoever comes
 * second waits for the first. A database with a part of a copy is taken only where `unfinished` says so. Throws `StoreStartError`, or the driver's own error.
 */
export async function migratePostgres(
  connect: () => Promise<Client>,
  { folder = migrationsFolder('postgres'), unfinished = false } = {}
): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder: folder })
  const client = await connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    const last = await lastApplied(client)
    if (last !== 0 && !known.some(migration => migration.folderMillis === last))
      throw new StoreStartError(
        'Cannot use the database: a newer version of Postern has changed its tables. Start that version, or restore a backup from before the upgrade.'
      )
    const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS begun', [UNFINISHED])
    if (rows[0].begun && !unfinished)
      throw new StoreStartError(
        'Cannot use the database: the copy into it is not finished. Run postern migrate-store again; it goes on where it was.'
      )
    for (const { sql, hash, folderMillis } of known.filter(migration => migration.folderMillis > last)) {
      for (const statement of sql) await client.query(statement)
      await client.query('INSERT INTO __drizzle_migrations (hash, created_at) VALUES ($1, $2)', [hash, folderMillis])
    }
    const closed = await run(client, inspectRights(reader))
    if (closed.length > 0)
      throw new StoreStartError(
        `Cannot use the database: its user may not read and write ${closed.join(', ')}. As their owner: ${GRANT} TO the user.`
      )
    await client.query('COMMIT')
  } finally {
    // Also what ends the transaction that failed.
    await client.end().catch(() => {})
  }
}

async function lastApplied(client: Client): Promise<number> {
  // Asked for first: whoever has no right to make tables can still use those that somebody else made.
  const { rows } = await client.query(`SELECT to_regclass('__drizzle_migrations') IS NOT NULL AS there`)
  if (!rows[0].there) {
    await client.query(
      'CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint NOT NULL)'
    )
    return 0
  }
  const { rows: found } = await client.query(
    'SELECT coalesce(max(created_at), 0)::text AS last FROM __drizzle_migrations'
  )
  return Number(found[0].last)
}
