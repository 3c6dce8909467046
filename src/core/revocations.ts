import type { Database, Work } from '../db/database.ts'
import { eq, inArray, lt, or } from '../db/drizzle.ts'
import type { TokenClaims } from './claims.ts'
import type { Clock } from './clock.ts'
import { createRevocationMirror } from './revocation-mirror.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

/** No access token lives longer, under any setting; so a revocation may be forgotten after it. */
export const LONGEST_ACCESS_TTL = 86_400_000

/** What is refused, and until when (milliseconds since 1970) anything can refer to it. */
interface Revocation {
  jti: string
  sid: string
  reason: string
  expiresAt: number
}

export type Revocations = ReturnType<typeof createRevocations>

/**
 * The revoked-jti table: single access tokens, and every session that was ended, until nothing can refer to them. Access
 * tokens live for `accessTtl` milliseconds.
 */
export function createRevocations(db: Database, accessTtl: number, now: Clock) {
  const { revokedJti } = db.tables
  const insert = db.prepare('revocation_insert', q =>
    q
      .insert(revokedJti)
      .values({
        jti: slot('jti'),
        sid: slot('sid'),
        reason: slot('reason'),
        revokedAt: slot('revokedAt'),
        expiresAt: slot('expiresAt')
      })
      .onConflictDoNothing()
      .returning({ jti: revokedJti.jti })
  )
  const find = db.prepare('revocation_find', q =>
    q
      .select({ jti: revokedJti.jti })
      .from(revokedJti)
      .where(or(eq(revokedJti.jti, slot('jti')), eq(revokedJti.jti, slot('sid'))))
  )
  const purge = db.prepare('revocation_purge', q => {
    const expired = q
      .select({ jti: revokedJti.jti })
      .from(revokedJti)
      .where(lt(revokedJti.expiresAt, slotAs('now', revokedJti.expiresAt)))
      .limit(PURGE_BATCH)
    return q.delete(revokedJti).where(inArray(revokedJti.jti, expired)).returning({ jti: revokedJti.jti })
  })

  const mirror = db.tells ? createRevocationMirror(db, accessTtl, now) : undefined
  let own = 0

  function* add({ jti, sid, reason, expiresAt }: Revocation): Work<boolean> {
    own += 1
    const [added] = yield* insert({ jti, sid, reason, revokedAt: new Date(now()), expiresAt: new Date(expiresAt) })
    return added !== undefined
  }

  return {
    /** Puts one row among the revoked; false when that key is there already, whoever else tries it at the same moment. */
    add,
    /** Refuses every access token of a session from the commit on. */
    revokeSession: (sid: string, reason: string): Work<boolean> =>
      add({ jti: sid, sid, reason, expiresAt: now() + LONGEST_ACCESS_TTL }),
    /** Refuses one access token from the commit on; false when it was refused already. */
    revokeToken: ({ jti, sid, client_id, exp }: TokenClaims, reason: string): Work<boolean> =>
      add({ jti, sid: sid ?? client_id, reason, expiresAt: exp * 1000 }),
    /** Changes with every revocation: a token that was looked up under the same number needs no look-up. */
    epoch: (): number => own + db.epoch() + (mirror?.told() ?? 0),
    /** Whether an access token, issued then (seconds since 1970), was revoked by itself or with its session. */
    isRevoked: async (jti: string, sid: string, iat: number): Promise<boolean> =>
      mirror?.has(jti, sid, iat * 1000) ?? (await db.read(find({ jti, sid }))).length > 0,
    /** Forgets one batch of what no living token can refer to; returns how many rows went. */
    *purge(): Work<number> {
      mirror?.prune()
      return (yield* purge({ now: new Date(now()) })).length
    }
  }
}
