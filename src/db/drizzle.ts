import { createRequire } from 'node:module'

// Drizzle's package.json has 180 kB, and Node.js reads it again for each of 250 ES modules: a quarter of a second at
// every start. Drizzle is published as CommonJS too, and so the same code is here in a fifth of the time.
const load = createRequire(import.meta.url)

/** The operators that queries are made of, and what tables are made of. */
export const { and, asc, eq, exists, getTableColumns, getTableName, gt, gte, inArray, isNull, lt, ne, or, sql } = load(
  'drizzle-orm'
) as typeof import('drizzle-orm')

/** Drizzle over a connection of better-sqlite3. */
export const { drizzle } = load('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3')

/** The columns of SQLite. */
export const sqlite = load('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core')

/** Reads what drizzle-kit wrote. */
export const { readMigrationFiles } = load('drizzle-orm/migrator') as typeof import('drizzle-orm/migrator')
