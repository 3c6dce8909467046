import type { Work } from './database.ts'
import type { Reader } from './reader.ts'

/**
 * Looks into the store that a database URL names, at one moment of it and without changing it. The driver of the other
 * database is not loaded. Rejects with `StoreStartError`, or with the driver's error when a file cannot be read.
 */
export async function inspectDatabase<T>(databaseUrl: string, look: (reader: Reader) => Work<T>): Promise<T> {
  if (databaseUrl.startsWith('sqlite:'))
    return (await import('./inspect.ts')).inspectFile(databaseUrl.slice('sqlite:'.length).trim(), look)
  return (await import('./inspect-postgres.ts')).inspectServer(databaseUrl, look)
}
