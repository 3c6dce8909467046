import type { Database, Work } from '../db/database.ts'
import { PURGE_BATCH } from './statements.ts'

/** A table whose rows lose their meaning; `purge` deletes one batch and says how many rows went. */
interface Perishable {
  purge(): Work<number>
}

interface Parts {
  db: Database
  perishables: Perishable[]
  /** The keys are rotated by their schedule, and what another process did to them is taken over at once. */
  keys: { maintain(): Promise<void>; follow(): Promise<void> }
  /** The audit trail is sealed, and loses what is older than its retention. */
  audit: { seal(): Promise<void>; purge(isOver: () => boolean): Promise<void> }
  report(error: unknown): void
}

const EVERY = 60_000
const FOLLOW_EVERY = 500

export type Housekeeping = ReturnType<typeof createHousekeeping>

/**
 * What is done without being asked for: it keeps the keys, seals the audit trail, and deletes what has expired, in batches
 * between which other writes go ahead, so that no table grows for ever.
 */
export function createHousekeeping({ db, perishables, keys, audit, report }: Parts) {
  let timers: NodeJS.Timeout[] = []
  let running: Promise<void> | undefined
  let following: Promise<void> | undefined
  let stopped = false

  async function sweep(): Promise<void> {
    for (const perishable of perishables) {
      let deleted = PURGE_BATCH
      while (deleted === PURGE_BATCH && !stopped) deleted = await db.write(() => perishable.purge())
    }
    await audit.seal()
    await audit.purge(() => stopped)
  }

  const run = () => {
    running ??= keys
      .maintain()
      .catch(report)
      .then(sweep)
      .catch(report)
      .finally(() => {
        running = undefined
      })
  }

  const follow = () => {
    following ??= keys
      .follow()
      .catch(() => {}) // `run` reports the same, less often
      .finally(() => {
        following = undefined
      })
  }

  return {
    /** Deletes everything that has expired by now. */
    sweep,
    start(): void {
      run()
      timers = [setInterval(run, EVERY).unref(), setInterval(follow, FOLLOW_EVERY).unref()]
    },
    async stop(): Promise<void> {
      stopped = true
      for (const timer of timers) clearInterval(timer)
      await Promise.all([running, following])
    }
  }
}
