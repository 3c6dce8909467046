import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { inArray, lt, sql } from '../db/drizzle.ts'
import type { Audit } from './audit.ts'
import { lowestId } from './audit-ids.ts'
import type { Clock } from './clock.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

interface Parts {
  db: Database
  config: Config
  audit: Audit
  now: Clock
}

const DAY = 86_400_000

/**
 * Removes rows that are older than AUTH_AUDIT_RETENTION, once a day, and only what is sealed: up to the end of a seal,
 * which stays for what follows to be verified. That rows were removed is itself on record, so that nobody else can
 * remove some unnoticed.
 */
export function createAuditRetention({ db, config, audit, now }: Parts) {
  const { auditEvents: events, auditSeals: seals } = db.tables
  const oldest = db.prepare('audit_oldest', q =>
    q.select({ id: events.id, at: events.at }).from(events).orderBy(events.id).limit(1)
  )
  const sealBefore = db.prepare('audit_seal_before', q =>
    q
      .select({ throughId: seals.throughId })
      .from(seals)
      .where(lt(seals.at, slotAs('before', seals.at)))
      .orderBy(sql`${seals.throughId} desc`)
      .limit(1)
  )
  const announced = db.prepare('audit_purge_announced', q =>
    q
      .select({ detail: events.detail })
      .from(events)
      .where(sql`${events.id} >= ${slot('since')} and ${events.event} = 'sys_audit_purged'`)
      .orderBy(sql`${events.id} desc`)
      .limit(1)
  )
  const remove = db.prepare('audit_purge', q => {
    const old = q
      .select({ id: events.id })
      .from(events)
      .where(sql`${events.id} <= ${slot('through')}`)
      .orderBy(events.id)
      .limit(PURGE_BATCH)
    return q.delete(events).where(inArray(events.id, old)).returning({ id: events.id })
  })
  const removeSeals = db.prepare('audit_seal_purge', q => {
    const old = q
      .select({ id: seals.id })
      .from(seals)
      .where(lt(seals.throughId, slot('through')))
      .limit(PURGE_BATCH)
    return q.delete(seals).where(inArray(seals.id, old)).returning({ id: seals.id })
  })

  /** Says on record what will be removed; undefined when that is nothing. */
  function* announce(): Work<string | undefined> {
    yield* db.hold('audit retention')
    const before = now() - config.authAuditRetention
    const [first] = yield* oldest()
    if (!first || first.at.getTime() >= before - DAY) return undefined
    const [seal] = yield* sealBefore({ before: new Date(before) })
    if (!seal || seal.throughId < first.id) return undefined
    // Another process may be at it: whatever is on record last says how far rows were removed.
    const [last] = yield* announced({ since: lowestId(now() - 2 * DAY) })
    if (last && `${last.detail.through}` >= seal.throughId) return `${last.detail.through}`
    const detail = { through: seal.throughId, before: new Date(before).toISOString() }
    yield* audit.record({ event: 'sys_audit_purged', detail })
    return seal.throughId
  }

  return {
    /** Removes what is due, in batches; `isOver` stops it between two. */
    async purge(isOver: () => boolean): Promise<void> {
      if (config.authAuditRetention === 0) return
      const through = await db.write(announce)
      if (through === undefined) return
      for (const statement of [remove, removeSeals]) {
        let gone = PURGE_BATCH
        while (gone === PURGE_BATCH && !isOver()) gone = (await db.write(() => statement({ through }))).length
      }
    }
  }
}
