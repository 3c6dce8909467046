import type { Database } from '../db/database.ts'
import { asc, eq, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { slot } from './statements.ts'
import type { Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  now: Clock
}

/** Entries of each list at most, the newest ones: all of them together are some megabytes. */
const MOST_LISTED = 10_000

const time = (date: Date | null): string | null => date?.toISOString() ?? null

/** Everything that is stored about a user, for the user; no secret and no hash is in it. */
export function createAccountExport({ db, users, now }: Parts) {
  const { sessions, knownDevices, mails, oneTimeTokens, auditEvents } = db.tables
  const own = { id: slot('id'), most: MOST_LISTED + 1 }
  const sessionsOf = db.prepare('export_sessions', q =>
    q.select().from(sessions).where(eq(sessions.userId, own.id)).orderBy(sql`${sessions.id} desc`).limit(own.most)
  )
  const devicesOf = db.prepare('export_devices', q =>
    q
      .select({ seenAt: knownDevices.seenAt })
      .from(knownDevices)
      .where(eq(knownDevices.userId, own.id))
      .orderBy(sql`${knownDevices.seenAt} desc`)
      .limit(own.most)
  )
  const mailsOf = db.prepare('export_mails', q =>
    q
      .select({ kind: mails.kind, createdAt: mails.createdAt, expiresAt: mails.expiresAt, failedAt: mails.failedAt })
      .from(mails)
      .where(eq(mails.userId, own.id))
      .orderBy(sql`${mails.id} desc`)
      .limit(own.most)
  )
  const tokensOf = db.prepare('export_tokens', q =>
    q
      .select({
        purpose: oneTimeTokens.purpose,
        createdAt: oneTimeTokens.createdAt,
        expiresAt: oneTimeTokens.expiresAt,
        usedAt: oneTimeTokens.usedAt
      })
      .from(oneTimeTokens)
      .where(eq(oneTimeTokens.userId, own.id))
      .orderBy(asc(oneTimeTokens.createdAt))
      .limit(own.most)
  )
  const eventsOf = db.prepare('export_events', q =>
    q
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.userId, own.id))
      .orderBy(sql`${auditEvents.id} desc`)
      .limit(own.most)
  )

  return {
    /**
     * All of it, newest first, 10,000 entries of a list at most; `cut` names the lists that have more. Throws
     * `token_not_valid` when the account is gone.
     */
    async of(id: string) {
      const user = await users.get(id)
      const lists = {
        sessions: (await db.read(sessionsOf({ id }))).map(one => ({
          id: one.id,
          ip: one.ip,
          user_agent: one.userAgent,
          amr: one.amr,
          authenticated_at: one.authTime.toISOString(),
          created_at: one.createdAt.toISOString(),
          last_used_at: one.lastUsedAt.toISOString(),
          expires_at: one.idleExpiresAt.toISOString(),
          ended_at: time(one.revokedAt),
          end_reason: one.revokeReason
        })),
        known_devices: (await db.read(devicesOf({ id }))).map(one => ({ seen_at: one.seenAt.toISOString() })),
        mails: (await db.read(mailsOf({ id }))).map(one => ({
          kind: one.kind,
          created_at: one.createdAt.toISOString(),
          expires_at: one.expiresAt.toISOString(),
          failed_at: time(one.failedAt)
        })),
        one_time_tokens: (await db.read(tokensOf({ id }))).map(one => ({
          purpose: one.purpose,
          created_at: one.createdAt.toISOString(),
          expires_at: one.expiresAt.toISOString(),
          used_at: time(one.usedAt)
        })),
        events: (await db.read(eventsOf({ id }))).map(one => ({
          at: one.at.toISOString(),
          event: one.event,
          session_id: one.sessionId,
          ip: one.ip,
          detail: one.detail
        }))
      }
      const entries = Object.entries(lists) as [keyof typeof lists, unknown[]][]
      const cut = entries.filter(([, list]) => list.length > MOST_LISTED).map(([name]) => name)
      for (const [, list] of entries) if (list.length > MOST_LISTED) list.length = MOST_LISTED
      return {
        exported_at: new Date(now()).toISOString(),
        // As it is stored: with what a former profile schema left.
        user: {
          ...users.describe(user),
          profile: user.profile,
          has_password: user.passwordHash !== null,
          legacy_id: user.legacyId
        },
        ...lists,
        cut
      }
    }
  }
}
