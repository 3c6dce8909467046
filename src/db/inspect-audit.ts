import type { Work } from './database.ts'
import { sql } from './drizzle.ts'
import type { Reader } from './reader.ts'

/** Rows that are read at once. */
const PAGE = 500

/** A row of the trail as it is stored. */
interface StoredRow {
  id: string
  at: number
  event: string
  userId: string | null
  sessionId: string | null
  ip: string | null
  detail: unknown
  digest: string | null
  salt: string | null
}

/** A seal as it is stored. */
interface StoredSeal {
  id: string
  throughId: string
  rows: number
  hash: string
  signature: string
  kid: string
  at: number
}

/** The audit trail of one moment; rows and seals come page by page, an empty page at the end. */
export interface AuditInspection {
  purgedThrough: string | undefined
  nextSeals(): Work<StoredSeal[]>
  nextRows(): Work<StoredRow[]>
  hasUsers: boolean
  isDeleted(userId: string): Work<boolean>
  countAnonymous(userId: string): Work<number>
}

const $ = sql.placeholder

/** Opens the trail of a store whose tables are up to date. */
export function* inspectAudit({ tables, prepare }: Reader): Work<AuditInspection> {
  const { auditEvents, auditSeals, users } = tables
  // As text, since what is no JSON is not what Postern wrote, and is shown as it is.
  const detail = sql<string>`CAST(${auditEvents.detail} AS text)`
  const { id, at, event, userId, sessionId, ip, digest, salt } = auditEvents
  const stored = { id, at, event, userId, sessionId, ip, detail, digest, salt }
  const [mark] = yield* prepare('inspect_audit_purge', q =>
    q
      .select({ detail })
      .from(auditEvents)
      .where(sql`${auditEvents.event} = 'sys_audit_purged'`)
      .orderBy(sql`${auditEvents.id} DESC`)
      .limit(1)
  )()
  const purge = mark && (parsed(mark.detail) as { through?: string } | null)
  const purgedThrough = purge ? `${purge.through}` : undefined
  const deletion = prepare('inspect_audit_deletion', q =>
    q
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(sql`${auditEvents.userId} = ${$('id')} AND ${auditEvents.event} = 'user_deleted'`)
      .limit(1)
  )
  const user = prepare('inspect_audit_user', q =>
    q
      .select({ id: users.id })
      .from(users)
      .where(sql`${users.id} = ${$('id')}`)
  )
  const anyone = prepare('inspect_audit_users', q => q.select({ id: users.id }).from(users).limit(1))
  const anonymous = prepare('inspect_audit_anonymous', q =>
    q
      .select({ count: sql<unknown>`count(*)` })
      .from(auditEvents)
      .where(sql`${auditEvents.userId} = ${$('id')} AND ${auditEvents.salt} IS NULL`)
  )
  const firstSeals = prepare('inspect_audit_first_seals', q =>
    q
      .select()
      .from(auditSeals)
      .where(sql`${auditSeals.throughId} >= ${$('from')}`)
      .orderBy(auditSeals.throughId)
      .limit(1)
  )
  const seals = prepare('inspect_audit_seals', q =>
    q
      .select()
      .from(auditSeals)
      .where(sql`${auditSeals.throughId} > ${$('after')}`)
      .orderBy(auditSeals.throughId)
      .limit(PAGE)
  )
  const rows = prepare('inspect_audit_rows', q =>
    q
      .select(stored)
      .from(auditEvents)
      .where(sql`${auditEvents.id} > ${$('after')}`)
      .orderBy(auditEvents.id)
      .limit(PAGE)
  )
  let lastSeal: string | undefined
  let lastRow = purgedThrough ?? ''

  return {
    purgedThrough,
    *nextSeals() {
      const found =
        lastSeal === undefined ? yield* firstSeals({ from: purgedThrough ?? '' }) : yield* seals({ after: lastSeal })
      lastSeal = found.at(-1)?.throughId ?? lastSeal
      return found.map(seal => ({ ...seal, at: seal.at.getTime() }))
    },
    *nextRows() {
      const found = yield* rows({ after: lastRow })
      lastRow = found.at(-1)?.id ?? lastRow
      return found.map(row => ({ ...row, at: row.at.getTime(), detail: parsed(row.detail) }))
    },
    hasUsers: (yield* anyone()).length > 0,
    *isDeleted(id) {
      return (yield* deletion({ id })).length > 0 && (yield* user({ id })).length === 0
    },
    *countAnonymous(id) {
      const [row] = yield* anonymous({ id })
      return Number(row?.count)
    }
  }
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(text as string)
  } catch {
    return text
  }
}
