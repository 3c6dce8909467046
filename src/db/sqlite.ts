import type Sqlite from 'better-sqlite3'
import { groupCommits } from './commits.ts'
import { connect } from './connection.ts'
import { type Database, type Queries, type Statement, StoreUnavailable, type Work } from './database.ts'
import { drizzle, sql } from './drizzle.ts'
import { watchOthers } from './epoch.ts'
import { run } from './run.ts'
import { shareSnapshots } from './snapshots.ts'
import * as tables from './tables.sqlite.ts'

const noValues: Record<string, unknown> = Object.freeze({})

/**
 * Opens the SQLite file (or `:memory:`), creates or migrates its tables and answers when it is ready for work; its
 * directory must exist. Rejects with `StoreStartError`.
 */
export const openSqlite = async (path: string): Promise<Database> => serve(await connect(path))

/** The `Database` over a connection that `connect` made; it is the connection's only user and closes it. */
export function serve(sqlite: Sqlite.Database): Database {
  const queries = drizzle(sqlite) as unknown as Queries
  const snapshots = shareSnapshots(sqlite)
  const { write, drained } = groupCommits(sqlite, snapshots.end)
  let closing: Promise<void> | undefined
  const writeUnlessClosing: Database['write'] = work =>
    closing ? Promise.reject(new StoreUnavailable('the database is closing')) : write(work)

  async function close(): Promise<void> {
    await drained()
    snapshots.end()
    try {
      sqlite.pragma('optimize')
    } catch {
      // Only the query planner's statistics: a lock or a full disk must not keep the process from ending.
    }
    sqlite.close()
  }

  return {
    tables,
    prepare: <Row>(_name: string, build: (queries: Queries) => PromiseLike<Row[]>): Statement<Row> => {
      const statement = (build(queries) as unknown as { prepare(): unknown }).prepare()
      return function* (values = noValues): Work<Row[]> {
        return (yield { statement, values }) as Row[]
      }
    },
    read: async work => {
      if (!sqlite.open) throw new StoreUnavailable('the database is closed')
      snapshots.begin()
      return run(work)
    },
    write: writeUnlessClosing,
    writeOnce: writeUnlessClosing,
    *hold() {},
    skipLocked: sql.empty(),
    epoch: watchOthers(sqlite),
    tells: false,
    returnsJoined: false,
    onChange: () => {},
    close: () => {
      closing ??= close()
      return closing
    }
  }
}
