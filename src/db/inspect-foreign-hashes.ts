import type { Work } from './database.ts'
import { sql } from './drizzle.ts'
import type { Reader } from './reader.ts'
import { foreignHash } from './schema.ts'

/** How many users still have the password hash of another system. The tables must be up to date. */
export function* countForeignHashes({ tables: { users }, prepare }: Reader): Work<number> {
  const count = prepare('inspect_foreign_hashes', q =>
    q.select({ count: sql<unknown>`count(*)` }).from(users).where(foreignHash(users))
  )
  const [row] = yield* count()
  return Number(row?.count)
}
