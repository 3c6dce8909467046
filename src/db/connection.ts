import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { StoreStartError } from './database.ts'
import { isBusy } from './faults.ts'
import { emptyLog } from './log-doubt.ts'
import { LOG_LIMIT } from './log-size.ts'
import { migrate } from './migrate.ts'

// The driver waits for a lock by sleeping on the event loop, so it may wait for a moment only; we retry without blocking.
const BUSY_WAIT_MS = 10
const LOCK_PATIENCE_MS = 10_000
// What two thousand sessions in use touch of a file with a million: some 40 MB. With less, each refresh reads two pages from
// the file, a tenth of its time. Fills only when needed.
const CACHE_KIB = 64 * 1024
// 16 MB: a page that changes often is copied into the file once for many commits. SQLite's own 1000 costs a tenth of the refreshes.
const CHECKPOINT_PAGES = 4000

/**
 * Opens a SQLite file, brings its tables up to date and makes its commits durable. Waits up to 10 s for other processes
 * that do the same. Rejects with `StoreStartError`.
 */
export async function connect(path: string): Promise<Sqlite.Database> {
  const giveUpAt = performance.now() + LOCK_PATIENCE_MS
  for (;;) {
    let sqlite: Sqlite.Database | undefined
    try {
      demandAccess(path)
      sqlite = new Sqlite(path, { timeout: BUSY_WAIT_MS })
      setUp(sqlite)
      return sqlite
    } catch (error) {
      sqlite?.close()
      if (error instanceof StoreStartError) throw error
      if (!isBusy(error) || performance.now() > giveUpAt)
        throw new StoreStartError(explain(path, error), { cause: error })
    }
    await sleep(BUSY_WAIT_MS)
  }
}

// SQLite would open a read-only file after all, and leave read-only log files behind that outlive the mistake.
function demandAccess(path: string): void {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
}

function setUp(sqlite: Sqlite.Database): void {
  demand(sqlite, 'journal_mode', sqlite.memory ? 'memory' : 'wal', 'Put it on a local disk, not on a network')
  demand(sqlite, 'synchronous', 2, 'Commits would not survive a power cut')
  // Of deleted accounts nothing stays in pages that are free or half empty: without this 97 of 100 deleted addresses could
  // still be read in the file. Costs a refresh nothing that can be measured, it deletes nothing.
  sqlite.pragma('secure_delete = ON')
  sqlite.pragma(`cache_size = -${CACHE_KIB}`)
  sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  sqlite.pragma(`journal_size_limit = ${LOG_LIMIT}`)
  // A process that ended because of its disk may have left a log that reads well and is not on the disk: copied now and
  // synced, it is. A connection in the way is at work with the log, and doubts it by itself.
  if (!sqlite.memory) emptyLog(sqlite)
  migrate(sqlite)
  demand(sqlite, 'foreign_keys', 1, 'Rows could outlive the account that they belong to')
}

function demand(sqlite: Sqlite.Database, pragma: string, value: string | number, why: string): void {
  sqlite.pragma(`${pragma} = ${value}`)
  const actual = sqlite.pragma(pragma, { simple: true })
  if (actual === value) return
  throw new StoreStartError(
    `Cannot use the database ${sqlite.name}: SQLite runs it with ${pragma} = ${actual} where ${value} is needed. ${why}.`
  )
}

const explanations: Array<[code: RegExp, text: string]> = [
  [/NOTADB/, 'it is not a SQLite database. Set DATABASE_URL to another file, or restore this one from a backup.'],
  [/CORRUPT/, 'it is damaged. Keep a copy of the file, then restore the last backup.'],
  [
    /READONLY|EACCES|EROFS/,
    'it is read-only. Let the user that runs Postern write to it, its -wal and -shm files and its directory.'
  ],
  [
    /BUSY|LOCKED/,
    'another process has locked it for over 10 seconds. End that one (a backup, a shell), then start again.'
  ],
  [/FULL/, 'its disk is full. Free some space, then start again.'],
  [/IOERR/, "its disk reports an input/output error. Check the disk and the system's log."]
]

function explain(path: string, error: unknown): string {
  const { code = '' } = error as { code?: string }
  const known = explanations.find(([pattern]) => pattern.test(code))?.[1]
  // The driver itself refuses a missing directory, with a TypeError.
  const text = known ?? (/CANTOPEN/.test(code) || error instanceof TypeError ? explainPath(path) : `${error}`)
  return `Cannot use the database ${resolve(path)}: ${text}`
}

function explainPath(path: string): string {
  const directory = dirname(resolve(path))
  if (!existsSync(directory)) return `the directory ${directory} does not exist. Create it, or correct DATABASE_URL.`
  if (!statSync(directory).isDirectory()) return `${directory} is not a directory. Correct DATABASE_URL.`
  if (existsSync(path) && statSync(path).isDirectory())
    return 'it is a directory. Set DATABASE_URL to a file inside it.'
  return `it cannot be opened or created. Let the user that runs Postern write to the directory ${directory}.`
}
