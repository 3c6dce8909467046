import { LRUCache } from 'lru-cache'
import type { Database } from '../db/database.ts'
import type { PublicUser } from './public-user.ts'

const MOST = 5_000

/** Users as they are shown: seldom changed and often asked for, so kept until somebody changes them. */
export function createUserCache(db: Database) {
  const kept = new LRUCache<string, { user: PublicUser; epoch: number }>({ max: MOST })
  let forgotten = 0

  function forget(id: string): void {
    forgotten += 1
    kept.delete(id)
  }

  db.onChange((table, id) => {
    if (table === 'users') forget(id)
  })

  return {
    /** This process changes the row: what is kept of it is out of date. */
    forget,
    /** The user of that id; read when it is not known to be still so. */
    async get(id: string, read: () => Promise<PublicUser>): Promise<PublicUser> {
      const [epoch, before] = [db.epoch(), forgotten]
      const found = kept.get(id)
      if (found?.epoch === epoch) return found.user
      const user = await read()
      // What changed while it was read may be in it, or not.
      if (forgotten === before) kept.set(id, { user, epoch })
      return user
    }
  }
}
