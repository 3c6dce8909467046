import { existsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { drizzle, readMigrationFiles } from './drizzle.ts'
import { migrationsFolder } from './migrate.ts'
import { signingKeys } from './tables.sqlite.ts'

/** What a SQLite file holds. */
export interface Inspection {
  /** `newer`: changed by a later version of Postern. `foreign`: it has tables, but none of ours. */
  origin: 'ours' | 'newer' | 'foreign' | 'empty'
  /** How many migrations it has had, and how many it lacks. */
  applied: number
  missing: number
  keys: Array<typeof signingKeys.$inferSelect>
}

/** Looks into a SQLite file without changing it, in use or not. Throws the driver's error when it cannot be read. */
export function inspect(path: string): Inspection {
  return read(path, sqlite => {
    const known = readMigrationFiles({ migrationsFolder: migrationsFolder('sqlite') })
    const tables = sqlite.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all()
    if (!tables.includes('__drizzle_migrations'))
      return { origin: tables.length === 0 ? 'empty' : 'foreign', applied: 0, missing: known.length, keys: [] }
    const times = sqlite.prepare('SELECT created_at FROM __drizzle_migrations').pluck().all().map(Number)
    const last = Math.max(0, ...times)
    const newer = last > 0 && !known.some(migration => migration.folderMillis === last)
    return {
      origin: newer ? 'newer' : 'ours',
      applied: times.length,
      missing: known.filter(migration => migration.folderMillis > last).length,
      keys: tables.includes('signing_keys') ? drizzle(sqlite).select().from(signingKeys).all() : []
    }
  })
}

/** What `PRAGMA quick_check` complains about, at most five things; it reads the whole file. Throws as `inspect` does. */
export const damage = (path: string): string[] =>
  read(path, sqlite => sqlite.prepare('PRAGMA quick_check(5)').pluck().all() as string[]).filter(text => text !== 'ok')

/**
 * A reader of a file in WAL mode needs its -wal and -shm. Where they exist, a read-only connection uses them and, unlike
 * any other, does not write the log back at its end. Where they do not, only a writable one removes what it had to make.
 */
export function read<T>(path: string, look: (sqlite: Sqlite.Database) => T): T {
  const sqlite = new Sqlite(path, { readonly: existsSync(`${path}-wal`), fileMustExist: true })
  try {
    sqlite.pragma('query_only = 1')
    return look(sqlite)
  } finally {
    sqlite.close()
  }
}
