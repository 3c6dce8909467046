import Sqlite from 'better-sqlite3'
import { StoreStartError } from '../database.ts'
import { asc, drizzle, gt, sql } from '../drizzle.ts'
import { isBusy } from '../faults.ts'
import { inspect } from '../inspect.ts'
import type { Pair, Row } from './tables.ts'

const WAIT_MS = 5_000

export type Source = ReturnType<typeof openSource>

/**
 * Opens a SQLite file to be read from, and keeps everybody from writing to it until it is closed: what a service that
 * still runs would change after its copy was lost. Throws `StoreStartError`.
 */
export function openSource(path: string) {
  demandUpToDate(path)
  const sqlite = new Sqlite(path, { fileMustExist: true, timeout: WAIT_MS })
  try {
    sqlite.exec('BEGIN IMMEDIATE')
  } catch (error) {
    sqlite.close()
    if (isBusy(error)) throw new StoreStartError(`${path} is in use. Stop the service, then run this again.`)
    throw error
  }
  const queries = drizzle(sqlite)
  return {
    count: ({ from }: Pair): number => queries.select({ rows: sql<number>`count(*)` }).from(from).get()?.rows ?? 0,
    /** At most `limit` rows after that key, in its order; from the first where it is undefined. */
    page: ({ from, key }: Pair, after: unknown, limit: number): Row[] =>
      queries
        .select()
        .from(from)
        .where(after === undefined ? undefined : gt(key.from, after))
        .orderBy(asc(key.from))
        .limit(limit)
        .all(),
    close: (): void => void sqlite.close()
  }
}

function demandUpToDate(path: string): void {
  const { origin, missing } = inspect(path)
  if (origin === 'newer')
    throw new StoreStartError(`A newer version of Postern has changed the tables of ${path}. Run that version.`)
  if (origin !== 'ours') throw new StoreStartError(`${path} is not a database of Postern.`)
  if (missing > 0)
    throw new StoreStartError(
      `The tables of ${path} are those of an older version. Run: DATABASE_URL=sqlite:${path} postern migrate`
    )
}
