import type { Database, Work } from '../db/database.ts'
import { and, eq, gt, inArray, isNull, lt } from '../db/drizzle.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { Sessions } from './sessions.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'
import type { StatusIndexes } from './status-indexes.ts'
import type { Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  sessions: Sessions
  statusIndexes: StatusIndexes
  oneTimeTokens: OneTimeTokens
  audit: Audit
  now: Clock
}

export type AccountErasure = ReturnType<typeof createAccountErasure>

/** An account whose address was never proven, where that is required, is given up after this. */
const UNPROVEN_MS = 7 * 86_400_000

/** How an account goes, with all that is personal. */
export function createAccountErasure({ db, users, sessions, statusIndexes, oneTimeTokens, audit, now }: Parts) {
  const { users: accounts, sessions: logins, mails, auditEvents } = db.tables
  // Locks them, and asks again whom it has locked: somebody may confirm the address or log in at the same moment.
  const abandon = db.prepare('account_abandon', q => {
    const isAbandoned = and(
      gt(accounts.unprovenEmailKey, ''),
      isNull(accounts.lastLoginAt),
      lt(accounts.createdAt, slotAs('before', accounts.createdAt))
    )
    const found = q.select({ id: accounts.id }).from(accounts).where(isAbandoned).limit(PURGE_BATCH)
    return q
      .update(accounts)
      .set({ active: false })
      .where(and(isAbandoned, inArray(accounts.id, found)))
      .returning({ id: accounts.id })
  })
  const removeSessions = db.prepare('account_remove_sessions', q =>
    q
      .delete(logins)
      .where(eq(logins.userId, slot('id')))
      .returning({ statusIndex: logins.statusIndex, rotatedAt: logins.rotatedAt })
  )
  const removeMails = db.prepare('account_remove_mails', q =>
    q
      .delete(mails)
      .where(eq(mails.userId, slot('id')))
      .returning({ id: mails.id })
  )
  const remove = db.prepare('account_remove', q =>
    q
      .delete(accounts)
      .where(eq(accounts.id, slot('id')))
      .returning({ id: accounts.id })
  )
  const anonymize = db.prepare('account_anonymize', q =>
    q
      .update(auditEvents)
      .set({ ip: null, detail: slotAs('nothing', auditEvents.detail), salt: null })
      .where(eq(auditEvents.userId, slot('id')))
      .returning({ id: auditEvents.id })
  )

  /** Of the audit trail stays what happened, to which id and when. */
  function* erase(id: string): Work<void> {
    // A login that is just being made goes first, or finds nobody.
    yield* users.hold(id)
    // Before the rest, for it is what refuses the tokens that are out.
    yield* sessions.endAll(id, 'deleted')
    // Those that are over but not yet forgotten hold an index still.
    for (const expired of yield* removeSessions({ id })) yield* statusIndexes.release(expired)
    yield* oneTimeTokens.voidAll(id)
    yield* removeMails({ id })
    yield* remove({ id })
    users.forget(id)
    const { length: anonymized } = yield* anonymize({ id, nothing: {} })
    // How many, so that nobody else can take something off further rows unnoticed.
    yield* audit.record({ event: 'user_deleted', userId: id, detail: { anonymized } })
  }

  return {
    /** Deletes an account in the transaction at hand, and ends its sessions. */
    erase,
    /** Erases one batch of accounts that nobody confirmed or used within 7 days; says how many. Their names are free again. */
    *purge(): Work<number> {
      const found = yield* abandon({ before: new Date(now() - UNPROVEN_MS) })
      for (const { id } of found) yield* erase(id)
      return found.length
    }
  }
}
