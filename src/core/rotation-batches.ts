import { type Database, StoreUnavailable, type Work } from '../db/database.ts'
import type { Session } from './sessions.ts'
import type { User } from './users.ts'

/** Sessions of one statement. */
const MOST = 64
/**
 * So many does Postgres assume where it plans for a list that it does not know. For shorter ones it finds a cheaper plan,
 * and so would make one each time, which costs as much as the rest: the list is filled up with ids of nobody.
 */
const FEWEST = 10
/** Statements on their way: while they are, those who come gather for the next. */
const AT_ONCE = 3
/** Who had to wait so long for a statement to begin is told to try again: the database does not keep up. */
const PATIENCE_MS = 2_000

/** A session that goes on, and its user. */
export interface Granted {
  session: Session
  user: User
}

type Rotate = (id: string, jti: string) => Promise<Granted | undefined>

interface Asked extends PromiseWithResolvers<Granted | undefined> {
  readonly id: string
  readonly jti: string
  readonly since: number
}

const keyOf = (id: string, jti: string | null): string => `${id} ${jti}`
const filledUp = (list: string[]): string[] => [...list, ...Array<string>(Math.max(0, FEWEST - list.length)).fill('')]

/**
 * Rotates the sessions of all who ask at the same time by one statement: one way to the database, one plan and one commit,
 * of which each costs more than the rows. Whom `many` left out is rotated `alone`.
 */
export function createRotationBatches(
  db: Database,
  alone: Rotate,
  many: (ids: string[], jtis: string[]) => Work<Granted[]>
): Rotate {
  /** Two who ask with the same token get the same answer. */
  const waiting = new Map<string, Asked>()
  let running = 0
  let scheduled = false

  function schedule(): void {
    if (scheduled || waiting.size === 0 || running === AT_ONCE) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const batch = take()
      if (batch.length === 0) return
      running += 1
      serve(batch)
        .catch(error => {
          for (const { reject } of batch) reject(error)
        })
        .finally(() => {
          running -= 1
          schedule()
        })
      schedule()
    })
  }

  function take(): Asked[] {
    const batch: Asked[] = []
    const now = performance.now()
    for (const [key, asked] of waiting) {
      if (batch.length === MOST) break
      waiting.delete(key)
      if (now - asked.since > PATIENCE_MS)
        asked.reject(new StoreUnavailable('too many refreshes wait for the database'))
      else batch.push(asked)
    }
    return batch
  }

  async function serve(batch: Asked[]): Promise<void> {
    const ids = filledUp(batch.map(({ id }) => id))
    const jtis = filledUp(batch.map(({ jti }) => jti))
    const rotated = await db.writeOnce(() => many(ids, jtis))
    const granted = new Map(rotated.map(one => [keyOf(one.session.id, one.session.prevJti), one]))
    for (const { id, jti, resolve } of batch) resolve(granted.get(keyOf(id, jti)) ?? alone(id, jti))
  }

  return (id, jti) => {
    const key = keyOf(id, jti)
    const since = performance.now()
    const asked = waiting.get(key) ?? { id, jti, since, ...Promise.withResolvers<Granted | undefined>() }
    waiting.set(key, asked)
    schedule()
    return asked.promise
  }
}
