import type { Database, Work } from '../db/database.ts'
import { and, eq, inArray, lt, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

const DAY = 86_400_000

/** What wrong passwords are counted by; the key of a row begins with it. */
export type CountedBy = 'name' | 'address' | 'account' | 'place' | 'session'

/** For how long after the last wrong password a count goes on, in milliseconds. That of an account has no end. */
export const COUNTED_MS: Readonly<Record<CountedBy, number>> = {
  name: DAY,
  address: DAY,
  account: Number.POSITIVE_INFINITY,
  place: 90 * DAY,
  session: 90 * DAY
}

/** A count of wrong passwords. */
export type Count = Database['tables']['loginFailures']['$inferSelect']

/** The stored counts. What is over is deleted, and what was of a user who is gone. */
export function createGuessingRows(db: Database, now: Clock) {
  const { loginFailures: table, users } = db.tables
  const byKeys = db.prepare('guess_by_keys', q =>
    q
      .select()
      .from(table)
      .where(inArray(table.key, [slot('first'), slot('second'), slot('third')]))
  )
  // Of a row that is there it changes nothing, but holds it: what is written next is computed from what is read here.
  const hold = db.prepare('guess_hold', q =>
    q
      .insert(table)
      .values({ key: slot('key'), failures: 0, lastAt: slot('now') })
      .onConflictDoUpdate({ target: table.key, set: { key: sql`${table.key}` } })
      .returning()
  )
  const set = db.prepare('guess_set', q =>
    q
      .update(table)
      .set({
        failures: sql`${slot('failures')}`,
        lastAt: slotAs('lastAt', table.lastAt),
        blockedUntil: slotAs('blockedUntil', table.blockedUntil)
      })
      .where(eq(table.key, slot('key')))
      .returning({ key: table.key })
  )
  const remove = db.prepare('guess_remove', q =>
    q
      .delete(table)
      .where(eq(table.key, slot('key')))
      .returning({ key: table.key })
  )

  const purging = (name: string, lasts: number, which: ReturnType<typeof sql>) => ({
    lasts,
    /** What ended before was looked at already: rows that stay for good are not read again by every purge. */
    seen: 0,
    statement: db.prepare(name, q => {
      const isOld = lt(table.lastAt, slotAs('before', table.lastAt))
      const old = q
        .select({ key: table.key })
        .from(table)
        .where(and(sql`${table.lastAt} >= ${slotAs('seen', table.lastAt)}`, isOld, which))
        .limit(PURGE_BATCH)
      // The condition again: somebody may count another failure between finding a row and deleting it.
      return q
        .delete(table)
        .where(and(isOld, inArray(table.key, old)))
        .returning({ key: table.key })
    })
  })
  const gone = sql`not exists (select 1 from ${users} where ${users.id} = substr(${table.key}, 9))`
  const purges = [
    purging('guess_purge_day', DAY, sql`(${table.key} like 'name:%' or ${table.key} like 'address:%')`),
    purging('guess_purge_quarter', 90 * DAY, sql`(${table.key} like 'place:%' or ${table.key} like 'session:%')`),
    purging('guess_purge_gone', DAY, sql`(${table.key} like 'account:%' and ${gone})`)
  ]

  return {
    /** The counts of at most three keys. */
    find: ([first = '', second = '', third = '']: string[]): Work<Count[]> => byKeys({ first, second, third }),
    /** A count to be set in the transaction at hand, in which nobody else sets it; a new one has no failures. */
    *hold(key: string): Work<Count> {
      return (yield* hold({ key, now: new Date(now()) }))[0] as Count
    },
    *set({ key, failures, lastAt, blockedUntil }: Count & { blockedUntil: Date }): Work<void> {
      yield* set({ key, failures, lastAt, blockedUntil })
    },
    *remove(key: string): Work<void> {
      yield* remove({ key })
    },
    /** Deletes one batch of counts that are over; says how many. */
    *purge(): Work<number> {
      const time = now()
      for (const { lasts, seen, statement } of purges) {
        const deleted = (yield* statement({ seen: new Date(seen), before: new Date(time - lasts) })).length
        if (deleted === PURGE_BATCH) return deleted
      }
      // Last of all: the work may have to be run again.
      for (const one of purges) one.seen = time - one.lasts
      return 0
    }
  }
}
