import { type Database, UniqueViolation } from '../db/database.ts'
import { gt, sql } from '../db/drizzle.ts'
import type { Audit } from './audit.ts'
import { createChain, FIRST, type SealedContent, sealKeys } from './audit-chain.ts'
import type { Clock } from './clock.ts'
import type { Secrets } from './secrets.ts'
import { slot } from './statements.ts'

interface Parts {
  db: Database
  secrets: Secrets
  audit: Audit
  now: Clock
}

/** No seal covers more rows, so that sealing never holds up a request for long. */
const MOST_ROWS = 500

/**
 * Another process may still be about to commit a row with an id of this age, so none of this age is covered. Of those on
 * one machine only the order of commits differs, of those on several the clocks do too.
 */
const SETTLED_MS = { alone: 10_000, apart: 300_000 }

export type AuditSeals = ReturnType<typeof createAuditSeals>

/**
 * Seals the trail: from time to time a signed checkpoint covers the rows since the last one. No write waits for that, and
 * of several processes that seal at once one wins.
 */
export function createAuditSeals({ db, secrets, audit, now }: Parts) {
  const { auditEvents: events, auditSeals: seals } = db.tables
  const settledAfter = db.tells ? SETTLED_MS.apart : SETTLED_MS.alone
  const keys = sealKeys(secrets.auditSealSeed)
  const newestSeal = db.prepare('audit_seal_newest', q =>
    q.select().from(seals).orderBy(sql`${seals.throughId} desc`).limit(1)
  )
  const unsealed = db.prepare('audit_unsealed', q =>
    q
      .select({
        id: events.id,
        at: events.at,
        event: events.event,
        userId: events.userId,
        sessionId: events.sessionId,
        digest: events.digest
      })
      .from(events)
      .where(gt(events.id, slot('after')))
      .orderBy(events.id)
      .limit(MOST_ROWS)
  )
  const insert = db.prepare('audit_seal_insert', q =>
    q
      .insert(seals)
      .values({
        id: slot('id'),
        throughId: slot('throughId'),
        rows: slot('rows'),
        hash: slot('hash'),
        signature: slot('signature'),
        kid: slot('kid'),
        at: slot('at')
      })
      .returning({ id: seals.id })
  )

  /** The oldest rows that no seal covers and that none can slip in between any more, and the seal before them. */
  function* settled() {
    const [last] = yield* newestSeal()
    const rows = (yield* unsealed({ after: last?.throughId ?? '' })).map(row => ({ ...row, at: row.at.getTime() }))
    // By when they were written, and not by their order: their ids are ahead of a clock that was set back.
    const fresh = rows.findIndex(({ at }) => Math.abs(now() - at) < settledAfter)
    return { previous: last?.hash ?? FIRST, rows: fresh < 0 ? rows : rows.slice(0, fresh) }
  }

  /** Says how many rows it covers. */
  async function sealOnce(): Promise<number> {
    const { previous, rows } = await db.read(settled())
    const last = rows.at(-1)
    if (!last) return 0
    const seal = keys.sign({
      id: previous,
      throughId: last.id,
      rows: rows.length,
      hash: link(previous, rows),
      at: now()
    })
    await db.write(() => insert({ ...seal, at: new Date(seal.at) }))
    return rows.length
  }

  return {
    /** Seals all that is older than 10 seconds, on Postgres than 5 minutes. */
    async seal(): Promise<void> {
      await audit.catchUp()
      try {
        while ((await sealOnce()) === MOST_ROWS);
      } catch (error) {
        // Another process has sealed the same rows.
        if (!(error instanceof UniqueViolation)) throw error
      }
    }
  }
}

function link(previous: string, rows: SealedContent[]): string {
  const chain = createChain(previous)
  for (const row of rows) chain.add(row)
  return chain.end()
}
