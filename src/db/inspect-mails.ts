import type { Work } from './database.ts'
import { and, sql } from './drizzle.ts'
import type { Reader } from './reader.ts'

/** What a look at the outbox shows: nobody's address, and no word of a mail. */
export interface MailInspection {
  waiting: number
  /** Since when the oldest waits, in milliseconds since 1970. */
  oldest: number | null
  /** Why the last attempt of one that waits failed. */
  waitingFor: string | null
  /** What was given up: how many of a kind, for which reason. */
  dead: Array<{ kind: string; reason: string | null; count: number }>
}

/** Looks into the outbox, which an older store may lack. */
export function* inspectMails({ tables: { mails }, prepare, tableNames }: Reader): Work<MailInspection> {
  const there = (yield* tableNames()).some(({ name }) => name === 'mails')
  if (!there) return { waiting: 0, oldest: null, waitingFor: null, dead: [] }
  const isWaiting = sql`${mails.failedAt} IS NULL`
  const number = sql<unknown>`count(*)`
  const [count] = yield* prepare('inspect_mails_waiting', q =>
    q.select({ waiting: number }).from(mails).where(isWaiting)
  )()
  const [oldest] = yield* prepare('inspect_mails_oldest', q =>
    q.select({ at: mails.createdAt }).from(mails).where(isWaiting).orderBy(mails.createdAt).limit(1)
  )()
  const [last] = yield* prepare('inspect_mails_error', q =>
    q
      .select({ error: mails.lastError })
      .from(mails)
      .where(and(isWaiting, sql`${mails.lastError} IS NOT NULL`))
      .orderBy(sql`${mails.nextAttemptAt} DESC`)
      .limit(1)
  )()
  const dead = yield* prepare('inspect_mails_dead', q =>
    q
      .select({ kind: mails.kind, reason: mails.lastError, count: number })
      .from(mails)
      .where(sql`${mails.failedAt} IS NOT NULL`)
      .groupBy(mails.kind, mails.lastError)
      .orderBy(sql`count(*) DESC`)
      .limit(10)
  )()
  return {
    waiting: Number(count?.waiting),
    oldest: oldest?.at.getTime() ?? null,
    waitingFor: last?.error ?? null,
    dead: dead.map(group => ({ ...group, count: Number(group.count) }))
  }
}
