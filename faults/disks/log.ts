import Sqlite from 'better-sqlite3'

const PAGES = 4_100

function open(path: string): Sqlite.Database {
  const sqlite = new Sqlite(path, { timeout: 5_000 })
  sqlite.pragma('synchronous = OFF')
  sqlite.pragma('wal_autocheckpoint = 0')
  return sqlite
}

/** Fills the write-ahead log of a running service, without a change of its data, so that its next commit copies the log into the file. */
export function fillLog(path: string): void {
  const sqlite = open(path)
  for (let n = 1; n <= PAGES; n++) sqlite.pragma(`user_version = ${n}`)
  sqlite.close()
}

/** Empties the log of a running service: what it commits next needs room on the disk. */
export function emptyLog(path: string): void {
  const sqlite = open(path)
  sqlite.pragma('wal_checkpoint(TRUNCATE)')
  sqlite.close()
}
