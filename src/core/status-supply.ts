import type { Database, Work } from '../db/database.ts'
import { and, asc, eq, gte, lt, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { slot, slotAs } from './statements.ts'

/** New indexes that are laid ready at once where several instances need some. */
const AHEAD = 4096
const EVER = new Date(0)

/**
 * Where indexes of the status lists come from: those that are free again, then new ones. A row of `status_entries` is taken
 * by deleting it, and one that another transaction is about to take is passed over: who takes one waits for nobody, but
 * once in `AHEAD` times for new ones.
 */
export function createStatusSupply(db: Database, now: Clock) {
  const { sessions, statusEntries } = db.tables
  const { freeFrom, statusIndex } = statusEntries
  // Not the lowest: the first free one by number would be looked for among all that are not free yet.
  const takeFree = db.prepare('status_take_free', q => {
    const free = q
      .select({ statusIndex })
      .from(statusEntries)
      .where(and(gte(freeFrom, slotAs('since', freeFrom)), lt(freeFrom, slotAs('now', freeFrom))))
      .orderBy(asc(freeFrom))
      .limit(1)
    return (
      q
        .delete(statusEntries)
        // Equal to a value, which is looked for once. `in` may look for it again, and find the next.
        .where(eq(statusIndex, sql`(${free.getSQL()}${db.skipLocked})`))
        .returning({ index: statusIndex, freeFrom })
    )
  })
  // One statement, for it sees one moment: an index that moves from one table to the other meanwhile is in either.
  const highestOf = db.prepare('status_highest', q =>
    q
      .select({
        held: sql<number>`coalesce((select max(${sessions.statusIndex}) from ${sessions}), -1)`.mapWith(Number),
        entry: sql<number>`coalesce((select max(${statusIndex}) from ${statusEntries}), -1)`.mapWith(Number)
      })
      .from(sql`(values (1)) as one`)
  )
  const layReady = db.tells ? laying() : undefined
  /** Where the last one was found. Before it are those that were taken: while somebody reads for long, Postgres keeps them all. */
  let since = EVER

  function laying() {
    const first = sql`${slot('first')}::bigint`
    const numbers = sql`generate_series(${first}, ${first} + ${sql.raw(String(AHEAD - 1))})`
    // Free earlier than any clock says, however wrong it is, and in their order.
    const rows = sql`select number, false, to_timestamp(number / 1000.0) from ${numbers} as number`
    return db.prepare('status_lay_ready', q => q.insert(statusEntries).select(rows).returning({ index: statusIndex }))
  }

  function* free(): Work<number | undefined> {
    const from = since
    const [found] = yield* takeFree({ since: from, now: new Date(now()) })
    since = found?.freeFrom ?? EVER
    if (found || from === EVER) return found?.index
    return yield* free()
  }

  /** The highest index that is in use or ready; -1 before the first. */
  function* highest(): Work<number> {
    const [{ held, entry }] = (yield* highestOf()) as [{ held: number; entry: number }]
    return Math.max(held, entry)
  }

  function* make(): Work<number> {
    yield* db.hold('status indexes')
    // Whoever held it before has laid some ready for those who waited.
    const left = layReady && (yield* free())
    if (left !== undefined) return left
    const index = (yield* highest()) + 1
    if (layReady) yield* layReady({ first: index + 1 })
    return index
  }

  return {
    highest,
    /** An index that no living token names. The transaction at hand gives it to somebody before it takes another. */
    *take(): Work<number> {
      return (yield* free()) ?? (yield* make())
    }
  }
}
