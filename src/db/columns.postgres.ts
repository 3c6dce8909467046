import type { Columns } from './columns.sqlite.ts'
import { postgres } from './drizzle-postgres.ts'

const { bigint, boolean, customType, index, json, pgTable, timestamp, uniqueIndex } = postgres

// Compared byte by byte, as SQLite does: ids are sorted and bounded by text, under whatever locale the server has.
const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

/** The column kit for Postgres, cast to the type of the SQLite kit here and nowhere else: queries are typed once. */
export const columns = {
  table: pgTable,
  index,
  uniqueIndex,
  text: (name: string) => text(name),
  int: (name: string) => bigint(name, { mode: 'number' }),
  bool: (name: string) => boolean(name),
  time: (name: string) => timestamp(name, { precision: 3, withTimezone: true }),
  // Not jsonb: the digests of the audit trail cover what was written as it was written.
  json: (name: string) => json(name)
} as unknown as Columns
