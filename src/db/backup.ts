import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import Sqlite from 'better-sqlite3'

/** Pages that are copied in one go: a few milliseconds, so that the progress is seen and a signal is heard. */
const PAGES = 1000

/**
 * Copies a SQLite file as it is at one moment, in use or not, and gives that moment: what was committed before it is in
 * the copy, nothing later is. `tell` hears which share is done. Throws the driver's error; `to` is left for the caller then.
 */
export async function copyDatabase(
  from: string,
  to: string,
  now: () => number,
  tell: (share: number) => void
): Promise<Date> {
  const sqlite = new Sqlite(from, { readonly: existsSync(`${from}-wal`), fileMustExist: true })
  try {
    sqlite.pragma('query_only = 1')
    const asOf = new Date(now())
    // One snapshot for all of it: without, each commit of the service would make the copying begin anew, for ever.
    sqlite.exec('BEGIN')
    sqlite.prepare('SELECT count(*) FROM sqlite_schema').get()
    await sqlite.backup(to, {
      progress({ totalPages, remainingPages }) {
        if (totalPages > 0) tell(1 - remainingPages / totalPages)
        return PAGES
      }
    })
    return asOf
  } finally {
    sqlite.close()
  }
}

/** What `sealCopy` found. */
export interface SealedCopy {
  users: number
  /** What is wrong with it, at most five things; nothing when it is sound. */
  damage: string[]
}

/** Makes a copy one file that needs no other beside it, reads all of it to see whether it is sound, and puts it on the disk. */
export function sealCopy(path: string): SealedCopy {
  const sqlite = new Sqlite(path, { fileMustExist: true })
  try {
    sqlite.pragma('journal_mode = DELETE')
    const found = sqlite.prepare('PRAGMA integrity_check(5)').pluck().all() as string[]
    const damage = found.filter(text => text !== 'ok')
    const users = damage.length > 0 ? 0 : Number(sqlite.prepare('SELECT count(*) FROM users').pluck().get())
    return { users, damage }
  } finally {
    sqlite.close()
    synchronize(path)
  }
}

/** Makes what a file holds, or which names a folder has, survive a power cut. */
export function synchronize(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
