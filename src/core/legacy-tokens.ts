import { hash } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { and, eq, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import type { Revocations } from './revocations.ts'
import type { DjangoClaims } from './simplejwt.ts'
import { slot } from './statements.ts'
import type { User } from './users.ts'

/** Why a token of Django is refused; `imported` ones had been refused by Django before. */
export type SpentReason = 'exchanged' | 'logout' | 'revoked' | 'imported'

/** Why all tokens of a user are refused: the sessions were ended, or the account was deleted. */
export type RefusedReason = 'refused' | 'deleted'

export type LegacyTokens = ReturnType<typeof createLegacyTokens>
export type SpentToken = Database['tables']['revokedJti']['$inferSelect']

/** What a refusal outlives the end of the cut-over by, should somebody put that off. */
const PUT_OFF = 365 * 86_400_000
const FOR_GOOD = Date.UTC(9999, 11, 31)

/** What stands for the session that a token of Django is not in: it names that token alone. */
export const noSession = ({ jti }: Pick<DjangoClaims, 'jti'>): string => `simplejwt:${jti}`

/** Stands among the revoked for an imported user who deleted the account, and does not tell who that was. */
export const deletedUser = (legacyId: string): string => `simplejwt-user:${hash('sha256', legacyId)}`

/**
 * Which tokens of Django are refused: rows among the revoked. The key is the jti of one, or the id of a user for all that
 * the user had; `sid` of an exchanged one is the session that it began. Of deleted accounts their `deletedUser` stays.
 */
export function createLegacyTokens(db: Database, config: Config, revocations: Revocations, now: Clock) {
  const { revokedJti, users } = db.tables
  const find = db.prepare('legacy_token_find', q =>
    q
      .select()
      .from(revokedJti)
      .where(eq(revokedJti.jti, slot('jti')))
  )
  const owner = db.prepare('legacy_token_owner', q =>
    q
      .select()
      .from(users)
      .where(eq(users.legacyId, slot('legacyId')))
  )
  // Both change nothing, but lock the row: a token is either spent before all those of its user are refused, or refused.
  const unchanged = { active: sql`${users.active}` }
  const holdOwner = db.prepare('legacy_token_hold_owner', q =>
    q
      .update(users)
      .set(unchanged)
      .where(eq(users.legacyId, slot('legacyId')))
      .returning()
  )
  const holdImported = db.prepare('legacy_token_hold_imported', q =>
    q
      .update(users)
      .set(unchanged)
      .where(and(eq(users.id, slot('id')), sql`${users.legacyId} is not null`))
      .returning({ legacyId: users.legacyId })
  )

  return {
    /** The active user whom a token names. */
    *owner({ userId }: DjangoClaims): Work<User | undefined> {
      const [user] = yield* owner({ legacyId: userId })
      return user?.active ? user : undefined
    },
    /** The same in a transaction, which nobody refuses the tokens of this user during. */
    *holdOwner({ userId }: DjangoClaims): Work<User | undefined> {
      const [user] = yield* holdOwner({ legacyId: userId })
      return user?.active ? user : undefined
    },
    /** How a token was spent; undefined while it is not. */
    *spent({ jti }: DjangoClaims): Work<SpentToken | undefined> {
      return (yield* find({ jti }))[0]
    },
    /** Whether every token of a user that was not spent in time is refused. */
    *isRefused(userId: string): Work<boolean> {
      return (yield* find({ jti: userId })).length > 0
    },
    /** Spends a token; false when it was spent already, whoever else tries it at the same moment. */
    spend: ({ jti, exp }: DjangoClaims, sid: string, reason: Exclude<SpentReason, 'imported'>): Work<boolean> =>
      revocations.add({ jti, sid, reason, expiresAt: exp * 1000 }),
    /**
     * Refuses every token of Django that an imported user has or will get. Not only while the cut-over is on: what is
     * ended before it begins, or by a command line without its settings, has ended too. Of a deleted account it is kept
     * for good that there was one, so that no import brings it back.
     */
    *refuseAll(userId: string, reason: RefusedReason): Work<void> {
      const [user] = yield* holdImported({ id: userId })
      if (!user?.legacyId) return
      const isDeleted = reason === 'deleted'
      const jti = isDeleted ? deletedUser(user.legacyId) : userId
      const expiresAt = isDeleted ? FOR_GOOD : Math.max(now(), config.authSimplejwtUntil) + PUT_OFF
      yield* revocations.add({ jti, sid: jti, reason, expiresAt })
    }
  }
}
