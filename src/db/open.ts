import { type Database, StoreStartError } from './database.ts'

/**
 * Opens the store that a database URL names (`sqlite:PATH`, `sqlite::memory:` or `postgres://...`), with its tables up to
 * date. The directory of a file must exist; of a server at most `poolSize` connections are used, and one more. The driver
 * of the other database is not loaded. Rejects with `StoreStartError`.
 */
export async function openDatabase(databaseUrl: string, poolSize = 10): Promise<Database> {
  const [scheme, ...rest] = databaseUrl.split(':')
  const path = rest.join(':').trim()
  if (scheme === 'sqlite' && path) return (await import('./sqlite.ts')).openSqlite(path)
  if (scheme === 'postgres' || scheme === 'postgresql')
    return (await import('./postgres.ts')).openPostgres(databaseUrl, poolSize)
  // The URL itself is not repeated: it may hold a password.
  throw new StoreStartError(
    'DATABASE_URL names no database. Set it to sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.'
  )
}
