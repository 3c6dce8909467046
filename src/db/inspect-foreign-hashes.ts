import { drizzle, sql } from './drizzle.ts'
import { read } from './inspect.ts'
import { foreignHash } from './schema.ts'
import { users } from './tables.sqlite.ts'

/** How many users in a SQLite file still have the password hash of another system. Throws as `inspect` does. */
export const countForeignHashes = (path: string): number =>
  read(
    path,
    sqlite =>
      drizzle(sqlite).select({ count: sql<number>`count(*)` }).from(users).where(foreignHash(users)).get()?.count ?? 0
  )
