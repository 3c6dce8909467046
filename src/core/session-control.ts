import type { Database, Work } from '../db/database.ts'
import { and, eq, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import { type EndReason, living, type Session, type Sessions } from './sessions.ts'
import { slot } from './statements.ts'
import type { User, Users } from './users.ts'

/** A session as its user sees it: nothing in it opens anything. Times are ISO 8601, UTC. */
export interface SessionInfo {
  id: string
  user_agent: string | null
  ip: string | null
  amr: string[]
  created_at: string
  last_used_at: string
  expires_at: string
  current: boolean
}

/** A signed-in user, in which session and from where. */
export interface Caller {
  userId: string
  sessionId: string
  ip: string
}

interface Parts {
  db: Database
  sessions: Sessions
  users: Users
  audit: Audit
  now: Clock
}

/** No list of sessions is longer. */
const MOST_LISTED = 100

/** How users, and those who administer them, see and end sessions. */
export function createSessionControl({ db, sessions, users, audit, now }: Parts) {
  const { sessions: table } = db.tables
  const newest = db.prepare('session_newest', q =>
    q
      .select()
      .from(table)
      .where(and(eq(table.userId, slot('userId')), living(table)))
      .orderBy(sql`${table.lastUsedAt} desc, ${table.id} desc`)
      .limit(MOST_LISTED)
  )

  const describe = (session: Session, current: boolean): SessionInfo => ({
    id: session.id,
    user_agent: session.userAgent,
    ip: session.ip,
    amr: session.amr,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.idleExpiresAt.toISOString(),
    current
  })

  /** The guard looked before the transaction began: a session that was ended since then must not end others. */
  function* demandLiving({ userId, sessionId }: Caller): Work<void> {
    // Of two sessions that end each other at the same moment one is first, and the other does nothing any more.
    yield* users.hold(userId)
    const session = yield* sessions.find(sessionId)
    if (!session || session.revokedAt) throw new PosternError('token_not_valid')
  }

  function* recordEnd(count: number, reason: EndReason, who: { userId: string } & Partial<Caller>): Work<void> {
    if (count > 0) yield* audit.record({ ...who, event: 'session_expired', detail: { reason, sessions: count } })
  }

  return {
    /** The living sessions of a user, newest use first, 100 at most. `current` is the id of the one that asks. */
    async list(userId: string, current: string): Promise<SessionInfo[]> {
      const found = await db.read(newest({ userId, now: new Date(now()) }))
      return found.map(session => describe(session, session.id === current))
    },

    /**
     * Ends one session of the caller, be it the one that asks. Throws `not_found`, the same for one that never was, that
     * is over and that belongs to somebody else; `token_not_valid` when another session asks that has ended meanwhile.
     */
    end: (id: string, caller: Caller): Promise<void> =>
      db.write(function* () {
        if (id !== caller.sessionId) yield* demandLiving(caller)
        const session = yield* sessions.find(id)
        if (session?.userId !== caller.userId || !(yield* sessions.end(id, 'ended')))
          throw new PosternError('not_found')
        const { userId, sessionId: by, ip } = caller
        yield* audit.record({ event: 'session_expired', userId, sessionId: id, ip, detail: { reason: 'ended', by } })
      }),

    /** Ends every session of the caller but the one that asks. Throws `token_not_valid` when that has ended meanwhile. */
    endOthers: (caller: Caller): Promise<void> =>
      db.write(function* () {
        yield* demandLiving(caller)
        yield* recordEnd(yield* sessions.endOthers(caller.userId, caller.sessionId, 'ended'), 'ended', caller)
      }),

    /** Ends every session of the caller. Throws `token_not_valid` when the one that asks has ended meanwhile. */
    logoutAll: (caller: Caller): Promise<void> =>
      db.write(function* () {
        yield* demandLiving(caller)
        yield* recordEnd(yield* sessions.endAll(caller.userId, 'logout_all'), 'logout_all', caller)
      }),

    /** Ends every session of the user with that username or address; says how many. Throws `not_found`. */
    async revokeAll(name: string): Promise<{ user: User; ended: number }> {
      const user = await users.demandByName(name)
      const ended = await db.write(function* () {
        const count = yield* sessions.endAll(user.id, 'admin')
        yield* recordEnd(count, 'admin', { userId: user.id })
        return count
      })
      return { user, ended }
    }
  }
}
