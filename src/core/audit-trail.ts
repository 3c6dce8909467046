import type { Database, Work } from '../db/database.ts'
import { sql } from '../db/drizzle.ts'
import { AUDIT_EVENTS, type Audit } from './audit.ts'
import { lowestId } from './audit-ids.ts'
import type { Caller } from './session-control.ts'
import { slot } from './statements.ts'

/** Which events are wanted; times are milliseconds since 1970, of when an event was put on record. */
export interface TrailFilter {
  userId?: string | undefined
  event?: string | undefined
  since?: number | undefined
  until?: number | undefined
}

/** An event as administrators see it. `at` is ISO 8601, UTC. */
export interface TrailEvent {
  id: string
  at: string
  event: string
  user_id: string | null
  session_id: string | null
  ip: string | null
  detail: Record<string, unknown>
}

/** Events, newest first; `next` gives the page behind, which may be there although this one is empty. */
export interface TrailPage {
  events: TrailEvent[]
  next: string | null
}

type Row = Database['tables']['auditEvents']['$inferSelect']

const PAGE = 100
/** Rows that one page looks through at most: a rare event must not hold up other requests. */
const WINDOW = 5_000
const BEYOND = 'g'

export type AuditTrail = ReturnType<typeof createAuditTrail>

/** The trail for those who may read it. */
export function createAuditTrail(db: Database, audit: Audit) {
  const { auditEvents: events } = db.tables
  const within = sql`${events.id} < ${slot('before')} and ${events.id} >= ${slot('from')}`
  const newestFirst = sql`${events.id} desc`
  const lastOfWindow = db.prepare('audit_trail_window', q =>
    q
      .select({ id: events.id })
      .from(events)
      .where(within)
      .orderBy(newestFirst)
      .limit(1)
      .offset(WINDOW - 1)
  )
  const ofAnybody = db.prepare('audit_trail', q =>
    q
      .select()
      .from(events)
      .where(sql`${within} and (${slot('event')} = '' or ${events.event} = ${slot('event')})`)
      .orderBy(newestFirst)
      .limit(PAGE)
  )
  const ofUser = db.prepare('audit_trail_user', q =>
    q
      .select()
      .from(events)
      .where(
        sql`${events.userId} = ${slot('userId')} and ${within} and (${slot('event')} = '' or ${events.event} = ${slot('event')})`
      )
      .orderBy(newestFirst)
      .limit(PAGE)
  )

  function* look({ userId, event = '', since, until }: TrailFilter, cursor: string | undefined): Work<TrailPage> {
    const end = until === undefined ? BEYOND : lowestId(until)
    const before = cursor !== undefined && cursor < end ? cursor : end
    const from = since === undefined ? '' : lowestId(since)
    if (userId !== undefined) return pageOf(yield* ofUser({ userId, event, before, from }))
    const [last] = yield* lastOfWindow({ before, from })
    return pageOf(yield* ofAnybody({ event, before, from: last?.id ?? from }), last?.id)
  }

  const page = (filter: TrailFilter, cursor?: string): Promise<TrailPage> => db.read(look(filter, cursor))

  return {
    /** The names of all events. */
    events: AUDIT_EVENTS,
    /** One page, without a trace. `cursor` is the `next` of the page before. */
    page,
    /** The same for an administrator, which itself is put on record. */
    async read(filter: TrailFilter, cursor: string | undefined, by: Caller): Promise<TrailPage> {
      const found = await page(filter, cursor)
      const { since, until, ...rest } = filter
      const detail = { of: 'audit', ...rest, since: iso(since), until: iso(until), cursor }
      await db.write(() => audit.record({ ...by, event: 'sensitive_read', detail }))
      return found
    }
  }
}

const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString())

function pageOf(rows: Row[], lastOfWindow: string | undefined = undefined): TrailPage {
  const next = rows.length === PAGE ? rows.at(-1)?.id : lastOfWindow
  return { events: rows.map(describe), next: next ?? null }
}

const describe = ({ id, at, event, userId, sessionId, ip, detail }: Row): TrailEvent => ({
  id,
  at: at.toISOString(),
  event,
  user_id: userId,
  session_id: sessionId,
  ip,
  detail
})
