import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

/**
 * Reads a database without touching it: from a copy of the file and its log, which is what a start would find. Only for
 * files that nobody writes to at the time.
 */
export async function inspect<Result>(path: string, look: (sqlite: Sqlite.Database) => Result): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'))
  const copy = join(folder, 'copy.db')
  try {
    await copyFile(path, copy)
    await copyFile(`${path}-wal`, `${copy}-wal`).catch(ignoreMissing)
    const sqlite = new Sqlite(copy)
    try {
      return look(sqlite)
    } finally {
      sqlite.close()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What is wrong with a database file; nothing is good. */
export const faultsIn = (path: string): Promise<string[]> =>
  inspect(path, sqlite => {
    const integrity = sqlite.pragma('integrity_check') as Array<{ integrity_check: string }>
    const orphans = sqlite.pragma('foreign_key_check') as Array<{ table: string }>
    return [
      ...integrity.map(row => row.integrity_check).filter(text => text !== 'ok'),
      ...orphans.map(({ table }) => `a row of ${table} refers to nothing`)
    ]
  })

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
