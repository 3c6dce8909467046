import { v7 as uuid } from 'uuid'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { Mail, Mailer, MailKind } from './mail.ts'
import { createMailDelivery, type MailOutcome, mailContext, type SealedPart } from './mail-delivery.ts'
import { prepareMailRows } from './mail-rows.ts'
import type { Secrets } from './secrets.ts'

interface Parts {
  db: Database
  secrets: Secrets
  mailer: Mailer
  now: Clock
  /** Hears of every attempt. */
  tell(outcome: MailOutcome): void
  report(error: unknown): void
}

/** How many mails wait, how many were given up, and since when the oldest waits, in milliseconds since 1970. */
export interface OutboxSummary {
  waiting: number
  dead: number
  oldest: number | undefined
}

const DAY = 86_400_000
/** Of an Accept-Language header, which may have 16 kB. */
const LONGEST_HEADER = 256
const DEAD_LETTERS_MS = 7 * DAY
/** So many mails may wait before no more can be asked for. */
const MOST_WAITING = 10_000
/** Notices go on beyond that: whoever fills the outbox with requests for mails must not silence them. */
const MOST_WITH_NOTICES = 20_000

/** Mails that tell what has happened: it happened, whether or not there is room for them. */
const NOTICES: ReadonlySet<MailKind> = new Set<MailKind>([
  'email_change_requested',
  'email_changed',
  'password_changed',
  'new_device',
  'session_reuse',
  'account_deleted'
])

export type MailOutbox = ReturnType<typeof createMailOutbox>

/** Mails that wait in the database until a mail server has taken them over: none is lost, and none leaves for work that was undone. */
export function createMailOutbox({ db, secrets, mailer, now, tell, report }: Parts) {
  const rows = prepareMailRows(db)
  const delivery = createMailDelivery({ db, rows, secrets, mailer, now, report, tell: count })
  const counts = { sent: 0, delayed: 0, dead: 0, dropped: 0 }

  function count(outcome: MailOutcome): void {
    counts[outcome.outcome] += 1
    tell(outcome)
  }

  const holds = function* (limit: number): Work<boolean> {
    return (yield* rows.beyond({ limit: limit - 1 })).length > 0
  }

  /**
   * Throws `unavailable` when too many mails wait. Whoever must not tell whether an account exists asks before looking
   * for it: `queue` throws the same, but only where there is somebody to write to.
   */
  function* demandRoom(): Work<void> {
    if (yield* holds(MOST_WAITING)) throw new PosternError('unavailable', { retryAfter: 60 })
  }

  return {
    demandRoom,
    /**
     * Adds a mail to the transaction at hand; it leaves after the commit. Throws `unavailable` when too many wait. A
     * notice is never a reason to refuse what it tells about: it has room of its own, and beyond that is left out.
     */
    *queue(mail: Mail): Work<void> {
      if (!NOTICES.has(mail.kind)) yield* demandRoom()
      else if (yield* holds(MOST_WITH_NOTICES)) {
        counts.dropped += 1
        return
      }
      const id = uuid()
      const { kind, userId = null, to, language, values, expiresAt = now() + DAY } = mail
      const sealed = secrets.seal(
        JSON.stringify({ to, language: language?.slice(0, LONGEST_HEADER), values } satisfies SealedPart),
        mailContext(id)
      )
      yield* rows.insert({
        id,
        kind,
        userId,
        sealed,
        createdAt: new Date(now()),
        expiresAt: new Date(expiresAt)
      })
      delivery.nudge()
    },
    /** Gives up one batch of what nobody needs any more, and forgets one of what was given up 7 days ago; says how many rows. */
    *purge(): Work<number> {
      const time = now()
      const expired = yield* rows.buryExpired({ now: new Date(time) })
      const purged = yield* rows.purge({ before: new Date(time - DEAD_LETTERS_MS) })
      // Last of all: the work may have to be run again.
      counts.dead += expired.length
      return Math.max(expired.length, purged.length)
    },
    /** What is in the outbox, of all processes. */
    async summary(): Promise<OutboxSummary> {
      const [found] = await db.read(rows.summary())
      return { waiting: found?.waiting ?? 0, dead: found?.dead ?? 0, oldest: found?.oldest?.getTime() }
    },
    /** What became of mails since this process began. */
    counts: (): Readonly<typeof counts> => counts,
    start: delivery.start,
    stop: delivery.stop
  }
}
