import { v7 as uuid } from 'uuid'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { and, eq, exists, gt, inArray, isNull, lt, ne, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { newJti } from './jti.ts'
import type { Revocations } from './revocations.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

export type Sessions = ReturnType<typeof createSessions>
export type Session = Database['tables']['sessions']['$inferSelect']

/** Where a session was begun. */
export interface Origin {
  ip: string
  userAgent: string | undefined
}

/** Why a session ended. */
export type EndReason = 'logout' | 'reuse' | 'password_change'

/** One row a session: rotation is one conditional UPDATE, and nothing grows. */
export function createSessions(db: Database, config: Config, revocations: Revocations, now: Clock) {
  const { sessions, users } = db.tables
  const insert = db.prepare('session_insert', q =>
    q
      .insert(sessions)
      .values({
        id: slot('id'),
        userId: slot('userId'),
        jti: slot('jti'),
        rotatedAt: slot('now'),
        authTime: slot('now'),
        amr: slot('amr'),
        idleExpiresAt: slot('idleExpiresAt'),
        expiresAt: slot('expiresAt'),
        ip: slot('ip'),
        userAgent: slot('userAgent'),
        createdAt: slot('now'),
        lastUsedAt: slot('now')
      })
      .returning()
  )
  const find = db.prepare('session_find', q =>
    q
      .select()
      .from(sessions)
      .where(eq(sessions.id, slot('id')))
  )
  const idle = slotAs('idleExpiresAt', sessions.idleExpiresAt)
  const rotate = db.prepare('session_rotate', q =>
    q
      .update(sessions)
      .set({
        prevJti: sql`${sessions.jti}`,
        jti: sql`${slot('next')}`,
        rotatedAt: slotAs('now', sessions.rotatedAt),
        lastUsedAt: slotAs('now', sessions.lastUsedAt),
        idleExpiresAt: sql`case when ${idle} < ${sessions.expiresAt} then ${idle} else ${sessions.expiresAt} end`
      })
      .where(
        and(
          eq(sessions.id, slot('id')),
          eq(sessions.jti, slot('jti')),
          isNull(sessions.revokedAt),
          gt(sessions.idleExpiresAt, slotAs('now', sessions.idleExpiresAt)),
          exists(
            q
              .select({ id: users.id })
              .from(users)
              .where(and(eq(users.id, sessions.userId), eq(users.active, true)))
          )
        )
      )
      .returning()
  )
  const ended = { revokedAt: slotAs('now', sessions.revokedAt), revokeReason: sql`${slot('reason')}` }
  const end = db.prepare('session_end', q =>
    q
      .update(sessions)
      .set(ended)
      .where(and(eq(sessions.id, slot('id')), isNull(sessions.revokedAt)))
      .returning({ id: sessions.id })
  )
  const endOthers = db.prepare('session_end_others', q =>
    q
      .update(sessions)
      .set(ended)
      .where(and(eq(sessions.userId, slot('userId')), ne(sessions.id, slot('keep')), isNull(sessions.revokedAt)))
      .returning({ id: sessions.id })
  )
  const purge = db.prepare('session_purge', q => {
    const expired = q
      .select({ id: sessions.id })
      .from(sessions)
      .where(lt(sessions.idleExpiresAt, slotAs('now', sessions.idleExpiresAt)))
      .limit(PURGE_BATCH)
    return q.delete(sessions).where(inArray(sessions.id, expired)).returning({ id: sessions.id })
  })

  return {
    /** Begins a session in the transaction at hand. */
    *start(userId: string, amr: string[], { ip, userAgent }: Origin): Work<Session> {
      const time = now()
      const [session] = yield* insert({
        id: uuid(),
        userId,
        jti: newJti(),
        now: new Date(time),
        amr,
        idleExpiresAt: new Date(time + Math.min(config.authRefreshTtl, config.authSessionTtl)),
        expiresAt: new Date(time + config.authSessionTtl),
        ip,
        userAgent: userAgent?.slice(0, 256) ?? null
      })
      return session as Session
    },
    *find(id: string): Work<Session | undefined> {
      return (yield* find({ id }))[0]
    },
    /** Advances one generation if `jti` is the current one of a living session of an active user. */
    *rotate(id: string, jti: string): Work<Session | undefined> {
      const time = now()
      const values = {
        id,
        jti,
        next: newJti(),
        now: new Date(time),
        idleExpiresAt: new Date(time + config.authRefreshTtl)
      }
      return (yield* rotate(values))[0]
    },
    /** Ends a session and refuses its access tokens; false when it had ended already. */
    *end(id: string, reason: EndReason): Work<boolean> {
      const [session] = yield* end({ id, reason, now: new Date(now()) })
      if (session) yield* revocations.revokeSession(id, reason)
      return session !== undefined
    },
    /** Ends all sessions of a user but one; returns how many. */
    *endOthers(userId: string, keep: string, reason: EndReason): Work<number> {
      const others = yield* endOthers({ userId, keep, reason, now: new Date(now()) })
      for (const { id } of others) yield* revocations.revokeSession(id, reason)
      return others.length
    },
    /** Deletes one batch of sessions that nobody can refresh any more; returns how many. */
    *purge(): Work<number> {
      return (yield* purge({ now: new Date(now()) })).length
    }
  }
}
