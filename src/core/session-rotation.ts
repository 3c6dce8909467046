import type { SQL } from 'drizzle-orm'
import type { Config } from '../config.ts'
import type { Database, Queries, Work } from '../db/database.ts'
import { and, eq, exists, inArray, sql } from '../db/drizzle.ts'
import type { Clock } from './clock.ts'
import { newJti } from './jti.ts'
import { createRotationBatches, type Granted } from './rotation-batches.ts'
import { living } from './sessions.ts'
import { slot, slotAs } from './statements.ts'

export type SessionRotation = ReturnType<typeof createSessionRotation>

/** The one way in which a session goes on: an UPDATE that only the holder of its current refresh token can make. */
export function createSessionRotation(db: Database, config: Config, now: Clock) {
  const { sessions, users } = db.tables
  const idle = slotAs('idleExpiresAt', sessions.idleExpiresAt)
  const advance = (q: Queries, next: SQL) =>
    q.update(sessions).set({
      prevJti: sql`${sessions.jti}`,
      jti: next,
      rotatedAt: slotAs('now', sessions.rotatedAt),
      lastUsedAt: slotAs('now', sessions.lastUsedAt),
      idleExpiresAt: sql`case when ${idle} < ${sessions.expiresAt} then ${idle} else ${sessions.expiresAt} end`
    })
  const isCurrent = and(eq(sessions.id, slot('id')), eq(sessions.jti, slot('jti')), living(sessions))
  const isOfActiveUser = and(eq(users.id, sessions.userId), eq(users.active, true))
  const times = () => {
    const time = now()
    return { now: new Date(time), idleExpiresAt: new Date(time + config.authRefreshTtl) }
  }
  const one = db.returnsJoined ? joined() : apart()
  /** Advances one generation if `jti` is the current one of a living session of an active user; else undefined. */
  const rotate = (id: string, jti: string): Work<Granted | undefined> => one({ id, jti, next: newJti(), ...times() })

  function joined() {
    const both = db.prepare<Granted>('session_rotate', q =>
      advance(q, sql`${slot('next')}`)
        .from(users)
        .where(and(isCurrent, isOfActiveUser))
        // Its types are those of SQLite, which returns no columns of another table.
        .returning({ session: sessions, user: users } as never)
    )
    return function* (values: Record<string, unknown>): Work<Granted | undefined> {
      return (yield* both(values))[0]
    }
  }

  function apart() {
    const alone = db.prepare('session_rotate', q =>
      advance(q, sql`${slot('next')}`)
        .where(and(isCurrent, exists(q.select({ id: users.id }).from(users).where(isOfActiveUser))))
        .returning()
    )
    const ofSession = db.prepare('user_of_session', q => {
      const owner = q
        .select({ id: sessions.userId })
        .from(sessions)
        .where(eq(sessions.id, slot('id')))
      return q.select().from(users).where(inArray(users.id, owner))
    })
    return function* (values: Record<string, unknown>): Work<Granted | undefined> {
      const [session] = yield* alone(values)
      const [user] = session ? yield* ofSession({ id: session.id }) : []
      return session && user && { session, user }
    }
  }

  /** Whom another transaction is changing is left out, so that one waits for nobody, and two never for each other. */
  function many() {
    const free = sql`select ${sessions.id} from ${sessions} where ${sessions.id} = any(${slot('ids')})${db.skipLocked}`
    // Once, and not again for each row that it is joined with.
    const held = sql`(with free as materialized (${free}) select id from free)`
    const asked = sql`unnest(${slot('ids')}::text[], ${slot('jtis')}::text[], ${slot('next')}::text[])`
    const statement = db.prepare<Granted>('session_rotate_many', q =>
      advance(q, sql`asked.next`)
        .from(sql`${held} as held, ${asked} as asked (id, jti, next), ${users}`)
        .where(
          and(
            sql`${sessions.id} = held.id and ${sessions.id} = asked.id and ${sessions.jti} = asked.jti`,
            living(sessions),
            isOfActiveUser
          )
        )
        .returning({ session: sessions, user: users } as never)
    )
    return (ids: string[], jtis: string[]): Work<Granted[]> =>
      statement({ ids, jtis, next: ids.map(() => newJti()), ...times() })
  }

  const alone = (id: string, jti: string) => db.writeOnce(() => rotate(id, jti))
  return {
    rotate,
    /** The same in a transaction of its own; on Postgres together with whoever else asks at that moment. */
    advance: db.returnsJoined ? createRotationBatches(db, alone, many()) : alone
  }
}
