import type { Database } from '../db/database.ts'
import { gt } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { slotAs } from './statements.ts'

/** The clocks of instances may differ by as much. */
const SKEW_MS = 300_000
/** What could not be loaded is not tried again at once: every check would. */
const LOAD_EVERY_MS = 1_000
/** About 60 MB. Beyond it the database is asked, as it is for tokens that are older than what is mirrored. */
const MOST = 500_000

/**
 * What was revoked lately, in memory, where a look at the database would take longer than all else: kept up by what the
 * database tells, and for as long as access tokens live (`accessTtl`, milliseconds).
 */
export function createRevocationMirror(db: Database, accessTtl: number, now: Clock) {
  const { revokedJti } = db.tables
  const span = accessTtl + 2 * SKEW_MS
  const recent = db.prepare('revocation_recent', q =>
    q
      .select({ jti: revokedJti.jti, revokedAt: revokedJti.revokedAt })
      .from(revokedJti)
      .where(gt(revokedJti.revokedAt, slotAs('since', revokedJti.revokedAt)))
      .limit(MOST + 1)
  )
  let revoked = new Map<string, number>()
  /** Everything that was revoked from then on is in it. */
  let since = Number.POSITIVE_INFINITY
  let loadedIn = -1
  let loading: Promise<void> | undefined
  let loadAgainAt = 0
  let told = 0

  db.onChange((table, jti) => {
    if (table !== 'revoked_jti') return
    told += 1
    revoked.set(jti, now())
  })

  async function load(epoch: number): Promise<void> {
    since = Number.POSITIVE_INFINITY
    // What is told from here on goes into the new one, and stays in it.
    const begun = new Map<string, number>()
    revoked = begun
    const from = now() - span
    const rows = await db.read(recent({ since: new Date(from) }))
    for (const { jti, revokedAt } of rows) begun.set(jti, revokedAt.getTime())
    loadedIn = epoch
    since = rows.length > MOST ? Number.POSITIVE_INFINITY : from
  }

  /** Whether the answer of `has` is certain for a token of that time; begins to load what is missing. */
  function covers(issuedAt: number): boolean {
    const epoch = db.epoch()
    if (loadedIn === epoch) return issuedAt - SKEW_MS >= since && revoked.size <= MOST
    // While nothing is known of others' changes each epoch is another one, and what is loaded counts for nothing.
    if (loading || performance.now() < loadAgainAt || db.epoch() !== epoch) return false
    loadAgainAt = performance.now() + LOAD_EVERY_MS
    loading = load(epoch)
      .catch(() => {}) // the database is asked instead, and says what is wrong
      .finally(() => {
        loading = undefined
      })
    return false
  }

  return {
    /** Changes with every revocation that the database told of. */
    told: (): number => told,
    /** Whether one of the two is revoked, for a token issued then (milliseconds since 1970); undefined when it cannot say. */
    has: (jti: string, sid: string, issuedAt: number): boolean | undefined =>
      covers(issuedAt) ? revoked.has(jti) || revoked.has(sid) : undefined,
    /** Forgets what no living token can refer to. */
    prune(): void {
      const before = now() - span
      if (before <= since) return
      for (const [jti, revokedAt] of revoked) if (revokedAt < before) revoked.delete(jti)
      if (Number.isFinite(since)) since = before
    }
  }
}
