import type { Database, Work } from '../db/database.ts'
import { sql } from '../db/drizzle.ts'
import { StartError } from '../errors.ts'
import { type Clock, createMonotonicClock } from './clock.ts'

/** A clock that says less was never set: this version did not exist. */
const EARLIEST = Date.UTC(2026, 0, 1)

/** What was written from further ahead would make tokens that others accept for longer than that. */
const FURTHEST_BEHIND = 2 * 86_400_000

/**
 * The clock of the service: the wall clock, but never before the newest row of the store, so that a restart revives
 * nothing either. Throws StartError when the wall clock was never set, or is over two days behind the store.
 */
export async function openClock(db: Database, wall: Clock): Promise<Clock> {
  const present = wall()
  const since = await newestTime(db)
  const said = `The clock of this machine says ${new Date(present).toISOString()}`
  if (present < EARLIEST) throw new StartError(`${said}. Set it (NTP), then start again; nothing was changed.`)
  if (since - present > FURTHEST_BEHIND) {
    throw new StartError(
      `${said}, but the database was written to at ${new Date(since).toISOString()}. Set the clock (NTP), then start again. If it was ahead when that was written, restore a backup from before; nothing was changed.`
    )
  }
  return createMonotonicClock(wall, since)
}

/** When something happened last, as far as rows can tell; 0 in an empty store. Looks at the end of two indexes. */
function newestTime(db: Database): Promise<number> {
  const { auditEvents, sessions } = db.tables
  const newestEvent = db.prepare('clock_newest_event', q =>
    q.select({ at: auditEvents.at }).from(auditEvents).orderBy(sql`${auditEvents.at} desc`).limit(1)
  )
  // Of a refresh nothing else is kept. Not the newest use for sure, where sessions last differently long, but near it.
  const newestUse = db.prepare('clock_newest_use', q =>
    q.select({ at: sessions.lastUsedAt }).from(sessions).orderBy(sql`${sessions.idleExpiresAt} desc`).limit(1)
  )
  function* newest(): Work<number> {
    const found = [...(yield* newestEvent()), ...(yield* newestUse())]
    return Math.max(0, ...found.map(({ at }) => at.getTime()))
  }
  return db.read(newest())
}
