import { bigint, boolean, index, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Columns } from './columns.sqlite.ts'

/** The column kit for Postgres, cast to the type of the SQLite kit here and nowhere else: queries are typed once. */
export const columns = {
  table: pgTable,
  index,
  uniqueIndex,
  text: (name: string) => text(name),
  int: (name: string) => bigint(name, { mode: 'number' }),
  bool: (name: string) => boolean(name),
  time: (name: string) => timestamp(name, { precision: 3, withTimezone: true }),
  json: (name: string) => jsonb(name)
} as unknown as Columns
