import type { Database, Work } from '../db/database.ts'
import { sql } from '../db/drizzle.ts'
import { commit } from './audit-commitments.ts'
import { createOrderedIds } from './audit-ids.ts'
import type { Clock } from './clock.ts'
import type { Secrets } from './secrets.ts'
import { slot } from './statements.ts'

/** What is put on record, in names of the OWASP logging vocabulary where it has one; docs/audit.md says what each means. */
export const AUDIT_EVENTS = [
  'authn_login_success',
  'authn_login_fail',
  'authn_login_lock',
  'authn_password_change',
  'authn_password_change_fail',
  'authn_token_created',
  'authn_token_revoked',
  'authn_token_reuse',
  'session_expired',
  'user_created',
  'authn_link_requested',
  'user_invited',
  'user_invitation_withdrawn',
  'user_email_verified',
  'user_email_disowned',
  'user_email_change_requested',
  'user_email_change_fail',
  'user_email_changed',
  'user_updated',
  'user_delete_fail',
  'user_deleted',
  'user_imported',
  'client_created',
  'client_deleted',
  'client_secret_rotated',
  'sys_key_rotated',
  'sys_key_replaced',
  'sys_key_revoked',
  'sys_audit_purged',
  'sensitive_read',
  'authz_fail',
  'authz_change'
] as const

export type AuditEvent = (typeof AUDIT_EVENTS)[number]

/** What happened, to whom and from where. */
export interface AuditEntry {
  event: AuditEvent
  /** Whom it is about, which is also who did it; of an invitation, who invites. */
  userId?: string | null | undefined
  sessionId?: string | null | undefined
  ip?: string | null | undefined
  /** Never a secret, and no name of somebody who may not exist: such a name goes in as a pseudonym. */
  detail?: Record<string, unknown>
}

export type Audit = ReturnType<typeof createAudit>

/** The trail of what happened: each row is written in the transaction of what it records, and commits to what it says. */
export function createAudit(db: Database, { auditMacKey }: Pick<Secrets, 'auditMacKey'>, now: Clock) {
  const { auditEvents } = db.tables
  const ids = createOrderedIds(now)
  let actor: string | undefined
  const insert = db.prepare('audit_insert', q =>
    q
      .insert(auditEvents)
      .values({
        id: slot('id'),
        at: slot('at'),
        event: slot('event'),
        userId: slot('userId'),
        sessionId: slot('sessionId'),
        ip: slot('ip'),
        detail: slot('detail'),
        digest: slot('digest'),
        salt: slot('salt')
      })
      .returning({ id: auditEvents.id })
  )
  const newest = db.prepare('audit_newest', q =>
    q.select({ id: auditEvents.id }).from(auditEvents).orderBy(sql`${auditEvents.id} desc`).limit(1)
  )

  return {
    /** Adds a row to the transaction at hand. */
    *record({ event, userId = null, sessionId = null, ip = null, detail = {} }: AuditEntry): Work<void> {
      const row = { id: ids.next(), event, userId, sessionId, ip, detail: actor ? { ...detail, actor } : detail }
      const at = now()
      yield* insert({ ...row, at: new Date(at), ...commit({ ...row, at }, auditMacKey) })
    },
    /** From now on all rows name somebody who acts from outside, such as `cli:root`. */
    actAs(name: string): void {
      actor = name
    },
    /** Takes note of what other processes wrote: rows of this one come after it, whatever their clocks say. */
    async catchUp(): Promise<void> {
      const [row] = await db.read(newest())
      if (row) ids.exceed(row.id)
    }
  }
}
