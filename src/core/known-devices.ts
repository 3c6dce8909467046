import type { Database, Work } from '../db/database.ts'
import { and, eq, inArray, lt, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import type { Secrets } from './secrets.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'
import type { User } from './users.ts'

const REMEMBERED_MS = 90 * 86_400_000
const MOST_A_USER = 50

/** A User-Agent header without version numbers: the same after an update of the browser or of the system. */
const withoutVersions = (userAgent: string): string =>
  userAgent
    .slice(0, 256)
    .replace(/\/\S*\d\S*/g, '')
    .replace(/[\d._]+/g, '')
    .toLowerCase()

export type KnownDevices = ReturnType<typeof createKnownDevices>

/**
 * From which browsers and programs users log in, as pseudonyms. One that was not seen for 90 days is forgotten, and of a
 * user's more than 50 the one that was not seen for longest.
 */
export function createKnownDevices(db: Database, secrets: Secrets, now: Clock) {
  const { knownDevices } = db.tables
  const seen = { seenAt: slotAs('now', knownDevices.seenAt) }
  const see = db.prepare('known_device_see', q =>
    q
      .update(knownDevices)
      .set(seen)
      .where(eq(knownDevices.id, slot('id')))
      .returning({ id: knownDevices.id })
  )
  const insert = db.prepare('known_device_insert', q =>
    q
      .insert(knownDevices)
      .values({ id: slot('id'), userId: slot('userId'), seenAt: slot('now') })
      .onConflictDoUpdate({ target: knownDevices.id, set: seen })
      .returning({ id: knownDevices.id })
  )
  const newestFirst = db.prepare('known_device_list', q =>
    q
      .select({ id: knownDevices.id })
      .from(knownDevices)
      .where(eq(knownDevices.userId, slot('userId')))
      .orderBy(sql`${knownDevices.seenAt} desc`)
  )
  const forget = db.prepare('known_device_forget', q =>
    q
      .delete(knownDevices)
      .where(eq(knownDevices.id, slot('id')))
      .returning({ id: knownDevices.id })
  )
  const purge = db.prepare('known_device_purge', q => {
    const isOld = lt(knownDevices.seenAt, slotAs('before', knownDevices.seenAt))
    const old = q.select({ id: knownDevices.id }).from(knownDevices).where(isOld).limit(PURGE_BATCH)
    // The condition again: a row may change between being found and being deleted.
    return q
      .delete(knownDevices)
      .where(and(isOld, inArray(knownDevices.id, old)))
      .returning({ id: knownDevices.id })
  })

  return {
    /**
     * Notes a login in the transaction at hand; says whether its device is new to the account. The device of a first
     * login is not. `user` is as it was before the login.
     */
    *note(user: User, userAgent: string | undefined): Work<boolean> {
      const id = secrets.pseudonym(`device ${user.id} ${withoutVersions(userAgent ?? '')}`)
      const time = now()
      if ((yield* see({ id, now: new Date(time) })).length > 0) return false
      const others = yield* newestFirst({ userId: user.id })
      yield* insert({ id, userId: user.id, now: new Date(time) })
      for (const surplus of others.slice(MOST_A_USER - 1)) yield* forget({ id: surplus.id })
      // An account that nobody used for so long has no devices left, and is the one that strangers like best.
      const dormant = user.lastLoginAt !== null && user.lastLoginAt.getTime() <= time - REMEMBERED_MS
      return others.length > 0 || dormant
    },
    /** Forgets one batch of devices that were not seen for 90 days; returns how many. */
    *purge(): Work<number> {
      return (yield* purge({ before: new Date(now() - REMEMBERED_MS) })).length
    }
  }
}
