import { read } from './inspect.ts'

/** What a look at the outbox of a SQLite file shows: nobody's address, and no word of a mail. */
export interface MailInspection {
  waiting: number
  /** Since when the oldest waits, in milliseconds since 1970. */
  oldest: number | null
  /** Why the last attempt of one that waits failed. */
  waitingFor: string | null
  /** What was given up: how many of a kind, for which reason. */
  dead: Array<{ kind: string; reason: string; count: number }>
}

/** Looks into the outbox without changing it. Throws as `inspect` does. */
export const inspectMails = (path: string): MailInspection =>
  read(path, sqlite => {
    const there = sqlite.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'mails'`).get()
    if (!there) return { waiting: 0, oldest: null, waitingFor: null, dead: [] }
    const waiting = sqlite
      .prepare('SELECT count(*) AS waiting, min(created_at) AS oldest FROM mails WHERE failed_at IS NULL')
      .get() as Pick<MailInspection, 'waiting' | 'oldest'>
    const waitingFor = sqlite
      .prepare(
        'SELECT last_error FROM mails WHERE failed_at IS NULL AND last_error IS NOT NULL ORDER BY next_attempt_at DESC LIMIT 1'
      )
      .pluck()
      .get() as string | undefined
    const dead = sqlite
      .prepare(
        'SELECT kind, last_error AS reason, count(*) AS count FROM mails WHERE failed_at IS NOT NULL GROUP BY kind, last_error ORDER BY count DESC LIMIT 10'
      )
      .all() as MailInspection['dead']
    return { ...waiting, waitingFor: waitingFor ?? null, dead }
  })
