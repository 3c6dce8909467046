import { type Database, StoreStartError } from './database.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens the store that a database URL names (`sqlite:PATH` or `sqlite::memory:`), with its tables up to date. The
 * directory of the file must exist. Rejects with `StoreStartError`.
 */
export async function openDatabase(databaseUrl: string): Promise<Database> {
  const [scheme, ...rest] = databaseUrl.split(':')
  const path = rest.join(':').trim()
  if (scheme === 'sqlite' && path) return openSqlite(path)
  // The URL itself is not repeated: it may hold a password.
  if (scheme === 'postgres' || scheme === 'postgresql')
    throw new StoreStartError('This version of Postern keeps its data in SQLite only. Set DATABASE_URL to sqlite:PATH.')
  throw new StoreStartError('DATABASE_URL names no database. Set it to sqlite:PATH or sqlite::memory:.')
}
