import { v7 as uuid } from 'uuid'
import type { Database, Work } from '../db/database.ts'
import type { Clock } from './clock.ts'
import { slot } from './statements.ts'

/** Names of the OWASP logging vocabulary. */
export type AuditEvent =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_password_change'
  | 'authn_password_change_fail'
  | 'authn_token_created'
  | 'authn_token_revoked'
  | 'authn_token_reuse'
  | 'session_expired'
  | 'user_created'
  | 'client_created'
  | 'client_deleted'
  | 'client_secret_rotated'
  | 'sys_key_rotated'
  | 'sys_key_replaced'
  | 'sys_key_revoked'

/** What happened, to whom and from where. */
export interface AuditEntry {
  event: AuditEvent
  userId?: string | undefined
  sessionId?: string | undefined
  ip?: string | undefined
  /** Never a secret, and no name of somebody who may not exist: such a name goes in as a pseudonym. */
  detail?: Record<string, unknown>
}

export type Audit = ReturnType<typeof createAudit>

/** The trail of what happened: each row is written in the transaction of what it records. */
export function createAudit(db: Database, now: Clock) {
  const { auditEvents } = db.tables
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
        detail: slot('detail')
      })
      .returning({ id: auditEvents.id })
  )

  return {
    /** Adds a row to the transaction at hand. */
    *record({ event, userId, sessionId, ip, detail = {} }: AuditEntry): Work<void> {
      yield* insert({
        id: uuid(),
        at: new Date(now()),
        event,
        userId: userId ?? null,
        sessionId: sessionId ?? null,
        ip: ip ?? null,
        detail
      })
    }
  }
}
