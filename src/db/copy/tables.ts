import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { getTableColumns, getTableName } from '../drizzle.ts'
import * as postgres from '../tables.postgres.ts'
import * as sqlite from '../tables.sqlite.ts'

/** One table in both databases. */
export interface Pair {
  readonly name: string
  readonly from: SQLiteTable
  readonly to: SQLiteTable
  /** Its primary key, which the rows are sorted by. */
  readonly key: { readonly property: string; readonly from: SQLiteColumn; readonly to: SQLiteColumn }
}

export type Row = Record<string, unknown>

// Whoever is referred to comes first.
const inOrder = Object.entries<SQLiteTable>(sqlite).sort(([a], [b]) => Number(b === 'users') - Number(a === 'users'))
const copies = new Map(Object.entries(postgres as unknown as Record<string, SQLiteTable>))

/** Every table, in an order in which no row refers to one that comes later. */
export const pairs: readonly Pair[] = inOrder.map(([property, from]) => {
  const to = copies.get(property)
  const [key] = Object.entries(getTableColumns(from)).filter(([, column]) => column.primary)
  if (!to || !key) throw new TypeError(`${getTableName(from)} is not in both databases with a primary key`)
  const keyTo = getTableColumns(to)[key[0]] as SQLiteColumn
  return { name: getTableName(from), from, to, key: { property: key[0], from: key[1], to: keyTo } }
})

/** A row as JSON with the columns' names in the database, as both databases take it. */
export function toRecord({ from }: Pair, row: Row): Row {
  return Object.fromEntries(Object.entries(getTableColumns(from)).map(([property, { name }]) => [name, row[property]]))
}
