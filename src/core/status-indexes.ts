import type { Database, Work } from '../db/database.ts'
import { and, eq, sql } from '../db/drizzle.ts'
import type { TokenClaims } from './claims.ts'
import type { Clock } from './clock.ts'
import { LONGEST_ACCESS_TTL } from './revocations.ts'
import { slot } from './statements.ts'
import { statusIndexOf } from './status-claim.ts'
import { createStatusSupply } from './status-supply.ts'

/** No list is relied upon for longer after it was made, under any setting. */
export const LONGEST_LIST_LIFE = 600_000

/** A verifier whose clock is behind by as much still sees that an expired token was revoked. */
const LEEWAY = 300_000

type Session = Database['tables']['sessions']['$inferSelect']
export type StatusIndexes = ReturnType<typeof createStatusIndexes>

/**
 * Which token has which index in the status lists. A session holds one; `status_entries` has those that none holds. An
 * index is given out again only when every token that names it has expired, and every list that said so has too.
 * Whoever deletes a session releases its index in the same transaction.
 */
export function createStatusIndexes(db: Database, now: Clock) {
  const { sessions, statusEntries } = db.tables
  const { highest, take } = createStatusSupply(db, now)
  const insert = db.prepare('status_insert', q =>
    q
      .insert(statusEntries)
      .values({ statusIndex: slot('index'), invalid: slot('invalid'), freeFrom: slot('freeFrom') })
      .returning({ index: statusEntries.statusIndex })
  )
  const markInvalid = db.prepare('status_mark_invalid', q =>
    q
      .update(statusEntries)
      .set({ invalid: true })
      .where(eq(statusEntries.statusIndex, slot('index')))
      .returning({ index: statusEntries.statusIndex })
  )
  const hold = db.prepare('status_hold', q =>
    q
      .update(sessions)
      .set({ statusIndex: sql`${slot('index')}` })
      .where(eq(sessions.id, slot('id')))
      .returning({ id: sessions.id })
  )
  const giveUp = db.prepare('status_give_up', q =>
    q
      .update(sessions)
      .set({ statusIndex: sql`null` })
      .where(and(eq(sessions.id, slot('id')), eq(sessions.statusIndex, slot('index'))))
      .returning({ id: sessions.id })
  )
  const indexOf = db.prepare('status_index_of', q =>
    q
      .select({ index: sessions.statusIndex })
      .from(sessions)
      .where(eq(sessions.id, slot('id')))
  )

  /** Keeps an index apart: its last token expires at `lastExpiry`, in milliseconds since 1970. */
  const keepApart = (index: number, invalid: boolean, lastExpiry: number): Work<unknown> =>
    insert({ index, invalid, freeFrom: new Date(lastExpiry + LEEWAY + LONGEST_LIST_LIFE) })

  /** Gives a session that has none a fresh index, which its next tokens name. */
  function* assign(id: string): Work<number> {
    yield* db.hold(`status index of ${id}`)
    // Whoever asked for one at the same moment may have been faster.
    const [present] = yield* indexOf({ id })
    const index = present?.index ?? (yield* take())
    yield* hold({ id, index })
    return index
  }

  return {
    highest,
    take,
    assign,
    /** An index for one token without a session, until the token expires (milliseconds since 1970). */
    *takeForToken(expiresAt: number): Work<number> {
      const index = yield* take()
      yield* keepApart(index, false, expiresAt)
      return index
    },
    /** Refuses the tokens of a session that has ended. */
    *invalidate({ id, statusIndex }: Pick<Session, 'id' | 'statusIndex'>): Work<void> {
      if (statusIndex === null) return
      yield* hold({ id, index: null })
      yield* keepApart(statusIndex, true, now() + LONGEST_ACCESS_TTL)
    },
    /** Takes over the index of a session that has expired and is deleted. */
    *release({ statusIndex, rotatedAt }: Pick<Session, 'statusIndex' | 'rotatedAt'>): Work<void> {
      if (statusIndex === null) return
      // Its tokens have expired with it, but for those of before the last rotation if settings were shortened since.
      yield* keepApart(statusIndex, false, Math.max(now(), rotatedAt.getTime() + LONGEST_ACCESS_TTL))
    },
    /**
     * Refuses one token that was revoked by itself. If it is of a session, that goes on under a fresh index; until its
     * next refresh its other tokens are refused by the list too.
     */
    *refuse({ sid, status }: Pick<TokenClaims, 'sid' | 'status'>): Work<void> {
      if (!status) return
      const index = statusIndexOf(status)
      if ((yield* markInvalid({ index })).length > 0 || !sid) return
      // Whoever ends or deletes the session at the same moment keeps its index apart, or finds none any more.
      if ((yield* giveUp({ id: sid, index })).length === 0) return void (yield* markInvalid({ index }))
      yield* keepApart(index, true, now() + LONGEST_ACCESS_TTL)
      yield* assign(sid)
    },
    /** From when on a list leaves an index out that becomes free then: whoever knew the list has forgotten it in time. */
    leftOutFrom: (): Date => new Date(now() + LONGEST_LIST_LIFE)
  }
}
