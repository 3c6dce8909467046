import type { Database, Work } from '../db/database.ts'
import { PURGE_BATCH } from './statements.ts'

/** A table whose rows lose their meaning; `purge` deletes one batch and says how many rows went. */
interface Perishable {
  purge(): Work<number>
}

interface Parts {
  db: Database
  perishables: Perishable[]
  /** Takes over keys that another process rotated. */
  reloadKeys(): Promise<void>
  report(error: unknown): void
}

const EVERY = 60_000

export type Housekeeping = ReturnType<typeof createHousekeeping>

/** Deletes what has expired, in batches between which other writes go ahead, so that no table grows for ever. */
export function createHousekeeping({ db, perishables, reloadKeys, report }: Parts) {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false

  async function sweep(): Promise<void> {
    for (const perishable of perishables) {
      let deleted = PURGE_BATCH
      while (deleted === PURGE_BATCH && !stopped) deleted = await db.write(() => perishable.purge())
    }
  }

  const run = () => {
    running ??= sweep()
      .then(reloadKeys)
      .catch(report)
      .finally(() => {
        running = undefined
      })
  }

  return {
    /** Deletes everything that has expired by now. */
    sweep,
    start(): void {
      run()
      timer = setInterval(run, EVERY).unref()
    },
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      await running
    }
  }
}
