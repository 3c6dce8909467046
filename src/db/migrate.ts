import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { StoreStartError } from './database.ts'
import { readMigrationFiles } from './drizzle.ts'
import { translate } from './faults.ts'

/** The folder of the generated migrations of one dialect, seen from the sources and from the published build alike. */
export function migrationsFolder(dialect: 'sqlite' | 'postgres'): string {
  const manifest = findPackageJSON('..', import.meta.url)
  if (!manifest) throw new StoreStartError('The installation of Postern is incomplete: its package.json is missing.')
  return join(dirname(manifest), 'migrations', dialect)
}

/**
 * Applies the migrations that a database lacks, all of them or none, each once however many processes try. They are
 * recorded as drizzle-kit records them. Foreign keys are off afterwards. Throws `StoreStartError`, or the driver's own error when the store fails.
 */
export function migrate(sqlite: Sqlite.Database, folder: string = migrationsFolder('sqlite')): void {
  const known = readMigrationFiles({ migrationsFolder: folder })
  // Tables are rebuilt by some migrations, and a dropped table would take the rows that refer to it along.
  sqlite.pragma('foreign_keys = OFF')
  sqlite.exec('BEGIN IMMEDIATE')
  try {
    apply(sqlite, known)
    sqlite.exec('COMMIT')
  } catch (error) {
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK')
    throw error
  }
}

function apply(sqlite: Sqlite.Database, known: ReturnType<typeof readMigrationFiles>): void {
  sqlite.exec(
    'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)'
  )
  // BEGIN IMMEDIATE takes a read-only file without a word; a first attempt to write does not.
  sqlite.exec('DELETE FROM __drizzle_migrations WHERE false')
  const last = Number(sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get())
  if (last !== 0 && !known.some(migration => migration.folderMillis === last))
    throw new StoreStartError(
      `Cannot use the database ${sqlite.name}: a newer version of Postern has changed its tables. Start that version, or restore a backup from before the upgrade.`
    )
  const missing = known.filter(migration => migration.folderMillis > last)
  if (missing.length === 0) return
  const record = sqlite.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
  for (const { sql, hash, folderMillis } of missing) {
    for (const statement of sql) execute(sqlite, statement)
    record.run(hash, folderMillis)
  }
  const orphans = sqlite.pragma('foreign_key_check') as Array<{ table: string; parent: string }>
  if (orphans[0])
    throw failed(sqlite, `rows of ${orphans[0].table} refer to rows of ${orphans[0].parent} that do not exist`)
}

function execute(sqlite: Sqlite.Database, statement: string): void {
  try {
    sqlite.exec(statement)
  } catch (error) {
    // A failing disk is explained by whoever opens the database; all else is a conflict with what the file holds.
    throw translate(error) === error ? failed(sqlite, `${(error as Error).message}`, error) : error
  }
}

const failed = (sqlite: Sqlite.Database, reason: string, cause?: unknown): StoreStartError =>
  new StoreStartError(
    `Cannot bring the tables of the database ${sqlite.name} up to date: ${reason}. Nothing was changed; is it another program's file?`,
    { cause }
  )
