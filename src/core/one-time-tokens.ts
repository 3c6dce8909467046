import type { Database, Work } from '../db/database.ts'
import { eq, inArray, lt } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>

/** Mailed tokens, kept as hashes. */
export function createOneTimeTokens(db: Database, now: Clock) {
  const { oneTimeTokens } = db.tables
  const voidAll = db.prepare('one_time_token_void', q =>
    q
      .delete(oneTimeTokens)
      .where(eq(oneTimeTokens.userId, slot('userId')))
      .returning({ hash: oneTimeTokens.hash })
  )
  const purge = db.prepare('one_time_token_purge', q => {
    const expired = q
      .select({ hash: oneTimeTokens.hash })
      .from(oneTimeTokens)
      .where(lt(oneTimeTokens.expiresAt, slotAs('now', oneTimeTokens.expiresAt)))
      .limit(PURGE_BATCH)
    return q.delete(oneTimeTokens).where(inArray(oneTimeTokens.hash, expired)).returning({ hash: oneTimeTokens.hash })
  })

  return {
    /** No link that was mailed to the user before works any more. */
    *voidAll(userId: string): Work<void> {
      yield* voidAll({ userId })
    },
    /** Deletes one batch of expired tokens; returns how many. */
    *purge(): Work<number> {
      return (yield* purge({ now: new Date(now()) })).length
    }
  }
}
