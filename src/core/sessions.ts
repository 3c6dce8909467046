import { v7 as uuid } from 'uuid'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { and, eq, gt, inArray, isNull, lt, ne, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { newJti } from './jti.ts'
import type { LegacyTokens } from './legacy-tokens.ts'
import type { Revocations } from './revocations.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'
import type { StatusIndexes } from './status-indexes.ts'

export type Sessions = ReturnType<typeof createSessions>
export type Session = Database['tables']['sessions']['$inferSelect']

/** Where a session was begun. */
export interface Origin {
  ip: string
  userAgent: string | undefined
  /** The Accept-Language header. */
  language?: string | undefined
}

/** Why a session ended. */
export type EndReason =
  | 'logout'
  | 'logout_all'
  | 'ended'
  | 'reuse'
  | 'password_change'
  | 'admin'
  | 'revoked'
  | 'password_reset'
  | 'address_proven'
  | 'deleted'

/** The condition that a session goes on at `now`: nobody ended it, and neither time-out is over. */
export const living = (sessions: Database['tables']['sessions']) =>
  and(isNull(sessions.revokedAt), gt(sessions.idleExpiresAt, slotAs('now', sessions.idleExpiresAt)))

/** One row a session, however often it is rotated. */
export function createSessions(
  db: Database,
  config: Config,
  revocations: Revocations,
  statusIndexes: StatusIndexes,
  legacyTokens: LegacyTokens,
  now: Clock
) {
  const { sessions } = db.tables
  const insert = db.prepare('session_insert', q =>
    q
      .insert(sessions)
      .values({
        id: slot('id'),
        userId: slot('userId'),
        jti: slot('jti'),
        rotatedAt: slot('now'),
        authTime: slot('authTime'),
        amr: slot('amr'),
        idleExpiresAt: slot('idleExpiresAt'),
        expiresAt: slot('expiresAt'),
        ip: slot('ip'),
        userAgent: slot('userAgent'),
        createdAt: slot('now'),
        lastUsedAt: slot('now'),
        statusIndex: slot('statusIndex')
      })
      .returning()
  )
  const find = db.prepare('session_find', q =>
    q
      .select()
      .from(sessions)
      .where(eq(sessions.id, slot('id')))
  )
  const ended = { revokedAt: slotAs('now', sessions.revokedAt), revokeReason: sql`${slot('reason')}` }
  const end = db.prepare('session_end', q =>
    q
      .update(sessions)
      .set(ended)
      .where(and(eq(sessions.id, slot('id')), living(sessions)))
      .returning({ id: sessions.id, statusIndex: sessions.statusIndex })
  )
  const endOthers = db.prepare('session_end_others', q =>
    q
      .update(sessions)
      .set(ended)
      .where(and(eq(sessions.userId, slot('userId')), ne(sessions.id, slot('keep')), living(sessions)))
      .returning({ id: sessions.id, statusIndex: sessions.statusIndex })
  )
  const purge = db.prepare('session_purge', q => {
    const isOver = lt(sessions.idleExpiresAt, slotAs('now', sessions.idleExpiresAt))
    const found = q.select({ id: sessions.id }).from(sessions).where(isOver).limit(PURGE_BATCH)
    // The condition again: a row may change between being found and being deleted.
    return q
      .delete(sessions)
      .where(and(isOver, inArray(sessions.id, found)))
      .returning({ statusIndex: sessions.statusIndex, rotatedAt: sessions.rotatedAt })
  })

  function* refuseTokens(session: Pick<Session, 'id' | 'statusIndex'>, reason: EndReason): Work<void> {
    yield* revocations.revokeSession(session.id, reason)
    yield* statusIndexes.invalidate(session)
  }

  return {
    /** Begins a session in the transaction at hand. `authTime` is milliseconds since 1970. */
    *start(
      userId: string,
      amr: string[],
      { ip, userAgent }: Origin,
      { id = uuid(), authTime = now() } = {}
    ): Work<Session> {
      const time = now()
      const [session] = yield* insert({
        id,
        userId,
        jti: newJti(),
        now: new Date(time),
        authTime: new Date(authTime),
        amr,
        idleExpiresAt: new Date(time + Math.min(config.authRefreshTtl, config.authSessionTtl)),
        expiresAt: new Date(time + config.authSessionTtl),
        ip,
        userAgent: userAgent?.slice(0, 256) ?? null,
        statusIndex: yield* statusIndexes.take()
      })
      return session as Session
    },
    *find(id: string): Work<Session | undefined> {
      return (yield* find({ id }))[0]
    },
    /** Gives a session an index that was begun under a version without any: its tokens name one from here on. */
    *index(session: Session): Work<Session> {
      return { ...session, statusIndex: yield* statusIndexes.assign(session.id) }
    },
    /** Ends a session and refuses its access tokens; false when it had ended already. */
    *end(id: string, reason: EndReason): Work<boolean> {
      const [session] = yield* end({ id, reason, now: new Date(now()) })
      if (session) yield* refuseTokens(session, reason)
      return session !== undefined
    },
    /** Ends all sessions of a user but one, and what another system began; returns how many. */
    *endOthers(userId: string, keep: string, reason: EndReason): Work<number> {
      // First: it waits for a token of Django that is just being exchanged for a session.
      yield* legacyTokens.refuseAll(userId, reason === 'deleted' ? 'deleted' : 'refused')
      const others = yield* endOthers({ userId, keep, reason, now: new Date(now()) })
      for (const session of others) yield* refuseTokens(session, reason)
      return others.length
    },
    /** Ends all sessions of a user; returns how many. */
    endAll(userId: string, reason: EndReason): Work<number> {
      return this.endOthers(userId, '', reason)
    },
    /** Deletes one batch of sessions that nobody can refresh any more; returns how many. */
    *purge(): Work<number> {
      const purged = yield* purge({ now: new Date(now()) })
      for (const session of purged) yield* statusIndexes.release(session)
      return purged.length
    }
  }
}
