import Sqlite from 'better-sqlite3'
import { StoreUnavailable, UniqueViolation } from './database.ts'

const storeFault = /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/
const uniqueFault = /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/

// SQLite's extended code, such as SQLITE_IOERR_FSYNC; empty for what is not an error of the driver.
const codeOf = (error: unknown): string => (error instanceof Sqlite.SqliteError ? error.code : '')

/** Whether another connection holds the lock: nothing ran, waiting helps. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')

/** The same failure in the words of the `Database` interface; what has no word there stays as it is. */
export function translate(error: unknown): unknown {
  const code = codeOf(error)
  if (uniqueFault.test(code)) return new UniqueViolation(columnOf(error as Error), { cause: error })
  if (storeFault.test(code)) return unavailable(error)
  return error
}

/** The failure of a whole transaction, whatever its cause: nothing is known to be applied. */
export function unavailable(error: unknown): StoreUnavailable {
  const cause = error instanceof StoreUnavailable ? error.cause : error
  return new StoreUnavailable(cause instanceof Error ? cause.message : String(cause), { cause })
}

// "UNIQUE constraint failed: users.username_key"; an index over several columns is known by its first.
const columnOf = ({ message }: Error): string => /failed: (?:index ')?(?:\w+\.)?(\w+)/.exec(message)?.[1] ?? message
