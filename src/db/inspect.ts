import { existsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import type { Queries, Statement, Work } from './database.ts'
import { drizzle, sql } from './drizzle.ts'
import { type Inspection, inspectTables, type Reader } from './reader.ts'
import { run } from './run.ts'
import * as tables from './tables.sqlite.ts'

/**
 * Looks into a SQLite file without changing it, in use or not; whoever writes meanwhile is neither seen nor held up.
 * Throws `StoreUnavailable`, or the driver's error, when it cannot be read.
 */
export function inspectFile<T>(path: string, look: (reader: Reader) => Work<T>): T {
  return open(path, sqlite => {
    sqlite.prepare('BEGIN').run()
    return run(look(readerOf(sqlite)))
  })
}

/** What a SQLite file holds. Throws as `inspectFile` does. */
export const inspect = (path: string): Inspection => inspectFile(path, inspectTables)

/** What `PRAGMA integrity_check` complains about, at most five things; it reads the whole file. Throws the driver's error. */
export const damage = (path: string): string[] =>
  open(path, sqlite => sqlite.prepare('PRAGMA integrity_check(5)').pluck().all() as string[]).filter(
    text => text !== 'ok'
  )

/**
 * A reader of a file in WAL mode needs its -wal and -shm. Where they exist, a read-only connection uses them and, unlike
 * any other, does not write the log back at its end. Where they do not, only a writable one removes what it had to make.
 */
function open<T>(path: string, look: (sqlite: Sqlite.Database) => T): T {
  const sqlite = new Sqlite(path, { readonly: existsSync(`${path}-wal`), fileMustExist: true })
  try {
    sqlite.pragma('query_only = 1')
    return look(sqlite)
  } finally {
    sqlite.close()
  }
}

function readerOf(sqlite: Sqlite.Database): Reader {
  const queries = drizzle(sqlite) as unknown as Queries
  function prepare<Row>(_name: string, build: (queries: Queries) => PromiseLike<Row[]>): Statement<Row> {
    const statement = (build(queries) as unknown as { prepare(): unknown }).prepare()
    return function* (values = {}): Work<Row[]> {
      return (yield { statement, values }) as Row[]
    }
  }
  return {
    tables,
    dialect: 'sqlite',
    prepare,
    tableNames: prepare('inspect_tables', q =>
      q.select({ name: sql<string>`name` }).from(sql`sqlite_schema`).where(sql`type = 'table'`)
    )
  }
}
