import type { Queries, Statement, Work } from './database.ts'
import { sql } from './drizzle.ts'
import type { Plan } from './postgres-run.ts'
import type { Reader } from './reader.ts'
import * as tables from './tables.postgres.ts'

function prepare<Row>(name: string, build: (queries: Queries) => PromiseLike<Row[]>): Statement<Row> {
  const statement: Plan = { name, build, announces: false }
  return function* (values = {}): Work<Row[]> {
    return (yield { statement, values }) as Row[]
  }
}

/** What a connection to a Postgres server shows; all of one moment where it is in a transaction that says so. */
export const reader: Reader = {
  tables: tables as unknown as Reader['tables'],
  dialect: 'postgres',
  prepare,
  tableNames: prepare('inspect_tables', q =>
    q.select({ name: sql<string>`tablename` }).from(sql`pg_tables`).where(sql`schemaname = current_schema()`)
  )
}
