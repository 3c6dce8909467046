import type Sqlite from 'better-sqlite3'
import { StoreUnavailable } from './database.ts'

const RETRY_MS = 1_000

/**
 * Copies all that the write-ahead log holds into the database file, syncs that and empties the log. False if another
 * connection is in the way. Throws the driver's error.
 */
export function emptyLog(sqlite: Sqlite.Database): boolean {
  const [{ busy }] = sqlite.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
  return busy === 0
}

/**
 * Remembers that the disk failed. After a failed fsync the kernel may take for written what never was, and a later fsync
 * succeeds all the same: a log that goes on behind such a gap ends there after a power cut, whatever was acknowledged
 * since. So nothing may be added to it before its commits have been written anew, to the other file.
 */
export function createLogDoubt(sqlite: Sqlite.Database) {
  let doubtful = false
  let nextTry = 0

  return {
    /** Takes the error that ended a transaction. */
    raise(error: unknown): void {
      const { code } = ((error instanceof StoreUnavailable ? error.cause : error) ?? {}) as { code?: string }
      if (code?.startsWith('SQLITE_IOERR')) doubtful = true
    },
    /** Throws while the log is in doubt; tries to end that, at most once a second. */
    settle(): void {
      if (!doubtful) return
      const time = performance.now()
      if (time < nextTry) throw new StoreUnavailable('the disk failed, and is tried again within a second')
      nextTry = time + RETRY_MS
      if (!emptyLog(sqlite))
        throw new StoreUnavailable('the disk failed, and a reader keeps the log from being renewed')
      doubtful = false
    }
  }
}
