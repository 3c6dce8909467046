import { sqlite } from './drizzle.ts'

const { index, integer, sqliteTable, text, uniqueIndex } = sqlite

/** The column kit for SQLite; the Postgres kit has the same names. Times are stored as milliseconds since 1970. */
export const columns = {
  table: sqliteTable,
  index,
  uniqueIndex,
  text: (name: string) => text(name),
  int: (name: string) => integer(name),
  bool: (name: string) => integer(name, { mode: 'boolean' }),
  time: (name: string) => integer(name, { mode: 'timestamp_ms' }),
  json: (name: string) => text(name, { mode: 'json' })
}

export type Columns = typeof columns
