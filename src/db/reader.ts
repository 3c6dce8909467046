import type { Database, Statement, Work } from './database.ts'
import { asc, readMigrationFiles, sql } from './drizzle.ts'
import { migrationsFolder } from './migrate.ts'
import type { signingKeys } from './tables.sqlite.ts'

/** A look at one moment of a store, whichever database is behind it. Nothing that it prepares may write. */
export interface Reader extends Pick<Database, 'tables' | 'prepare'> {
  readonly dialect: 'sqlite' | 'postgres'
  /** Every table that is there, of ours or not. */
  readonly tableNames: Statement<{ name: string }>
}

/** What a store holds. */
export interface Inspection {
  /** `newer`: changed by a later version of Postern. `foreign`: it has tables, but none of ours. */
  origin: 'ours' | 'newer' | 'foreign' | 'empty'
  /** How many migrations it has had, and how many it lacks. */
  applied: number
  missing: number
  keys: Array<typeof signingKeys.$inferSelect>
}

/** Whose tables these are, and of which version; with the signing keys in them. */
export function* inspectTables({ tables: { signingKeys }, dialect, prepare, tableNames }: Reader): Work<Inspection> {
  const known = readMigrationFiles({ migrationsFolder: migrationsFolder(dialect) })
  const names = (yield* tableNames()).map(({ name }) => name)
  if (!names.includes('__drizzle_migrations'))
    return { origin: names.length === 0 ? 'empty' : 'foreign', applied: 0, missing: known.length, keys: [] }
  const migrations = prepare('inspect_migrations', q =>
    q.select({ at: sql<unknown>`created_at` }).from(sql`__drizzle_migrations`)
  )
  const times = (yield* migrations()).map(({ at }) => Number(at))
  const last = Math.max(0, ...times)
  const newer = last > 0 && !known.some(migration => migration.folderMillis === last)
  const keys = names.includes('signing_keys')
    ? yield* prepare('inspect_keys', q => q.select().from(signingKeys).orderBy(asc(signingKeys.createdAt)))()
    : []
  return {
    origin: newer ? 'newer' : 'ours',
    applied: times.length,
    missing: known.filter(migration => migration.folderMillis > last).length,
    keys
  }
}
