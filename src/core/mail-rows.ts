import type { Database } from '../db/database.ts'
import { and, asc, eq, gt, inArray, isNull, lt, sql } from '../db/drizzle.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

export type MailRows = ReturnType<typeof prepareMailRows>

/** The statements of the mails table. A row is deleted once its mail has left; a dead letter has `failed_at`. */
export function prepareMailRows(db: Database) {
  const { mails } = db.tables
  const waiting = isNull(mails.failedAt)
  const now = slotAs('now', mails.nextAttemptAt)
  const id = { id: mails.id }
  // Not while a worker holds it: it may be on its way.
  const overdue = and(waiting, lt(mails.expiresAt, now), lt(mails.nextAttemptAt, now))
  const due = and(waiting, sql`${mails.nextAttemptAt} <= ${now}`, gt(mails.expiresAt, now))

  return {
    insert: db.prepare('mail_insert', q =>
      q
        .insert(mails)
        .values({
          id: slot('id'),
          kind: slot('kind'),
          userId: slot('userId'),
          sealed: slot('sealed'),
          createdAt: slot('createdAt'),
          nextAttemptAt: slot('createdAt'),
          expiresAt: slot('expiresAt'),
          attempts: 0
        })
        .returning(id)
    ),
    /** A row when more than `limit` mails wait. */
    beyond: db.prepare('mail_beyond', q =>
      q.select(id).from(mails).where(waiting).limit(1).offset(sql.placeholder('limit'))
    ),
    anyDue: db.prepare('mail_any_due', q => q.select(id).from(mails).where(due).limit(1)),
    /** Leases mails that are due: until then no other worker takes them. */
    claim: db.prepare('mail_claim', q =>
      q
        .update(mails)
        .set({ nextAttemptAt: slotAs('until', mails.nextAttemptAt), attempts: sql`${mails.attempts} + 1` })
        .where(
          and(
            due,
            inArray(
              mails.id,
              q.select(id).from(mails).where(due).orderBy(asc(mails.nextAttemptAt)).limit(sql.placeholder('count'))
            )
          )
        )
        .returning()
    ),
    remove: db.prepare('mail_remove', q =>
      q
        .delete(mails)
        .where(eq(mails.id, slot('id')))
        .returning(id)
    ),
    /** Both change nothing when another worker has taken the mail since. */
    postpone: db.prepare('mail_postpone', q =>
      q
        .update(mails)
        .set({ nextAttemptAt: slotAs('at', mails.nextAttemptAt), lastError: slotAs('error', mails.lastError) })
        .where(and(eq(mails.id, slot('id')), eq(mails.attempts, slot('attempts'))))
        .returning(id)
    ),
    bury: db.prepare('mail_bury', q =>
      q
        .update(mails)
        // What it said and to whom is of no use any more.
        .set({ failedAt: slotAs('now', mails.failedAt), lastError: slotAs('error', mails.lastError), sealed: '' })
        .where(and(eq(mails.id, slot('id')), eq(mails.attempts, slot('attempts'))))
        .returning(id)
    ),
    buryExpired: db.prepare('mail_bury_expired', q =>
      q
        .update(mails)
        .set({
          failedAt: slotAs('now', mails.failedAt),
          lastError: sql`coalesce(${mails.lastError}, 'EXPIRED')`,
          sealed: ''
        })
        // The condition twice: a worker may take one between being found and being changed.
        .where(and(overdue, inArray(mails.id, q.select(id).from(mails).where(overdue).limit(PURGE_BATCH))))
        .returning({ kind: mails.kind })
    ),
    purge: db.prepare('mail_purge', q =>
      q
        .delete(mails)
        .where(
          inArray(
            mails.id,
            q
              .select(id)
              .from(mails)
              .where(lt(mails.failedAt, slotAs('before', mails.failedAt)))
              .limit(PURGE_BATCH)
          )
        )
        .returning(id)
    ),
    summary: db.prepare('mail_summary', q =>
      q
        .select({
          waiting: sql<number>`count(*) filter (where ${mails.failedAt} is null)`.mapWith(Number),
          dead: sql<number>`count(*) filter (where ${mails.failedAt} is not null)`.mapWith(Number),
          oldest: sql<Date | null>`min(${mails.createdAt}) filter (where ${mails.failedAt} is null)`.mapWith(
            mails.createdAt
          )
        })
        .from(mails)
    )
  }
}
