import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, StoreUnavailable } from '../db/database.ts'
import type { Clock } from './clock.ts'
import type { Mail, Mailer, MailKind } from './mail.ts'
import { MailError } from './mail-error.ts'
import { MOST_ATTEMPTS, retryDelay } from './mail-retries.ts'
import type { MailRows } from './mail-rows.ts'
import type { Secrets } from './secrets.ts'

/** What became of one attempt; nothing in it is secret or names anybody. */
export interface MailOutcome {
  id: string
  kind: string
  outcome: 'sent' | 'delayed' | 'dead'
  attempts: number
  /** Why it did not leave. */
  code?: string
  /** Milliseconds until the next attempt. */
  wait?: number
}

/** What of a mail is encrypted. */
export type SealedPart = Pick<Mail, 'to' | 'language' | 'values'>

interface Parts {
  db: Database
  rows: MailRows
  secrets: Secrets
  mailer: Mailer
  now: Clock
  tell(outcome: MailOutcome): void
  report(error: unknown): void
}

type Row = Database['tables']['mails']['$inferSelect']

const AT_A_TIME = 4
/** How long a worker has a mail for itself: longer than an attempt may take. */
const LEASE_MS = 120_000
const ATTEMPT_MS = 60_000
const POLL_MS = 250
/** Until the transaction that queued a mail has ended, and others that queue one at the same time. */
const NUDGE_MS = 10
const PATIENCE_MS = 3_000

/**
 * Sends what is due, four mails at a time, until it is stopped. Workers of several processes share the rows: whoever
 * claims a mail has it for two minutes. One that dies meanwhile leaves it to the next: a mail may leave twice, under one id.
 */
export function createMailDelivery({ db, rows, secrets, mailer, now, tell, report }: Parts) {
  const inFlight = new Set<Promise<void>>()
  let poll: NodeJS.Timeout | undefined
  let nudged: NodeJS.Timeout | undefined
  let claiming: Promise<void> | undefined

  function work(): void {
    if (!poll) return
    claiming ??= claim()
      .catch(error => {
        // The next poll tries again, and housekeeping says that the store is down.
        if (!(error instanceof StoreUnavailable)) report(error)
      })
      .finally(() => {
        claiming = undefined
      })
  }

  async function claim(): Promise<void> {
    const count = AT_A_TIME - inFlight.size
    if (count === 0 || (await db.read(rows.anyDue({ now: new Date(now()) }))).length === 0) return
    const time = now()
    const claimed = await db.write(() => rows.claim({ now: new Date(time), until: new Date(time + LEASE_MS), count }))
    for (const row of claimed) {
      const attempt = deliver(row)
        .catch(report)
        .finally(() => {
          inFlight.delete(attempt)
          nudge()
        })
      inFlight.add(attempt)
    }
  }

  async function deliver(row: Row): Promise<void> {
    const failure = await send(row)
    const { id, kind, attempts } = row
    if (!failure) {
      await db.write(() => rows.remove({ id }))
      return tell({ id, kind, attempts, outcome: 'sent' })
    }
    const { code } = failure
    const wait = retryDelay(attempts, Math.random())
    const at = now() + wait
    if (failure.permanent || attempts >= MOST_ATTEMPTS || at >= row.expiresAt.getTime()) {
      await db.write(() => rows.bury({ id, attempts, error: code, now: new Date(now()) }))
      return tell({ id, kind, attempts, outcome: 'dead', code })
    }
    await db.write(() => rows.postpone({ id, attempts, error: code, at: new Date(at) }))
    tell({ id, kind, attempts, outcome: 'delayed', code, wait })
  }

  /** Gives why a mail did not leave. */
  async function send(row: Row): Promise<MailError | undefined> {
    const limit = new AbortController()
    const overdue = sleep(ATTEMPT_MS, undefined, { ref: false, signal: limit.signal }).then(() => {
      throw new MailError('ETIMEDOUT')
    })
    try {
      await Promise.race([mailer.send(row.id, unseal(row)), overdue])
      return undefined
    } catch (error) {
      if (error instanceof MailError) return error
      report(error)
      return new MailError('EUNEXPECTED')
    } finally {
      overdue.catch(() => {})
      limit.abort()
    }
  }

  function unseal({ id, kind, userId, expiresAt, sealed }: Row): Mail {
    try {
      const part = JSON.parse(secrets.unseal(sealed, mailContext(id))) as SealedPart
      return { ...part, kind: kind as MailKind, userId: userId ?? undefined, expiresAt: expiresAt.getTime() }
    } catch (cause) {
      throw new MailError('ESEALED', { permanent: true, cause })
    }
  }

  function nudge(): void {
    if (!poll) return
    nudged ??= setTimeout(() => {
      nudged = undefined
      work()
    }, NUDGE_MS)
  }

  return {
    start(): void {
      poll ??= setInterval(work, POLL_MS).unref()
      nudge()
    },
    /** Something may be due now. Nothing happens before `start`. */
    nudge,
    /** Waits for what is on its way, three seconds at most; what did not arrive by then is tried again later. */
    async stop(): Promise<void> {
      clearInterval(poll)
      clearTimeout(nudged)
      poll = undefined
      await claiming
      const limit = new AbortController()
      const patience = sleep(PATIENCE_MS, undefined, { signal: limit.signal }).catch(() => {})
      await Promise.race([Promise.all(inFlight), patience])
      limit.abort()
      // Ends the connections, so the attempts that are left fail now and are written down.
      await mailer.close()
      await Promise.race([Promise.all(inFlight), sleep(200)])
    }
  }
}

/** What a sealed mail is bound to. */
export const mailContext = (id: string): string => `mail ${id}`
