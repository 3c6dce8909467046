import type Sqlite from 'better-sqlite3'
import { StoreUnavailable } from './database.ts'
import { translate } from './faults.ts'

const LOOK_EVERY_MS = 250

/** Counts the times that another connection was seen to have committed; looks at most four times a second. */
export function watchOthers(sqlite: Sqlite.Database): () => number {
  const version = sqlite.prepare('PRAGMA data_version').pluck()
  let epoch = 0
  let seen = version.get()
  let lookedAt = performance.now()

  return () => {
    if (!sqlite.open) throw new StoreUnavailable('the database is closed')
    const time = performance.now()
    if (time - lookedAt < LOOK_EVERY_MS) return epoch
    try {
      const found = version.get()
      if (found !== seen) epoch += 1
      seen = found
      lookedAt = time
    } catch (error) {
      throw translate(error)
    }
    return epoch
  }
}
