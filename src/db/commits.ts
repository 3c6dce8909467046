import type Sqlite from 'better-sqlite3'
import { type Database, StoreUnavailable, type Work } from './database.ts'
import { isBusy, unavailable } from './faults.ts'
import { createLogDoubt } from './log-doubt.ts'
import { run } from './run.ts'

const BATCH_LIMIT = 256
const QUEUE_LIMIT = 10_000
const LOCK_PATIENCE_MS = 2_000
const LOCK_RETRY_MS = 10

interface Job {
  readonly work: () => Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly giveUpAt: number
  failed: boolean
  outcome: unknown
}

/**
 * Writes that share a commit, so an fsync: all that were asked for in one turn of the event loop run at its end, each in
 * a savepoint of its own, and resolve once the commit is durable. `endSnapshot` ends what reads share. `drained` resolves when no write waits any more.
 */
export function groupCommits(
  sqlite: Sqlite.Database,
  endSnapshot: () => void
): { write: Database['write']; drained: () => Promise<void> } {
  const begin = sqlite.prepare('BEGIN IMMEDIATE')
  const commit = sqlite.prepare('COMMIT')
  const rollback = sqlite.prepare('ROLLBACK')
  const savepoint = sqlite.prepare('SAVEPOINT work')
  const undo = sqlite.prepare('ROLLBACK TO work')
  const release = sqlite.prepare('RELEASE work')
  const doubt = createLogDoubt(sqlite)
  let queue: Job[] = []
  let scheduled = false
  const onDrained: Array<() => void> = []

  function attempt(job: Job): void {
    savepoint.run()
    try {
      job.outcome = run(job.work())
    } catch (error) {
      job.failed = true
      job.outcome = error
      // SQLite gave up the whole transaction by itself (disk full, input/output error): the batch is lost.
      if (!sqlite.inTransaction) throw error
      undo.run()
    }
    release.run()
  }

  function commitBatch(batch: Job[]): void {
    try {
      for (const job of batch) attempt(job)
      commit.run()
    } catch (error) {
      discard()
      doubt.raise(error)
      for (const job of batch) job.reject(unavailable(error))
      return
    }
    for (const job of batch) (job.failed ? job.reject : job.resolve)(job.outcome)
  }

  /** Answers false if the lock is taken: nothing ran, and what waited too long for it was rejected. */
  function runBatch(): boolean {
    try {
      endSnapshot()
      doubt.settle()
      begin.run()
    } catch (error) {
      doubt.raise(error)
      const now = isBusy(error) ? performance.now() : Number.POSITIVE_INFINITY
      while (queue[0] && queue[0].giveUpAt <= now) queue.shift()?.reject(unavailable(error))
      return false
    }
    commitBatch(take())
    return true
  }

  function discard(): void {
    try {
      if (sqlite.inTransaction) rollback.run()
    } catch {
      // The next BEGIN fails then and says so to whoever writes.
    }
  }

  function take(): Job[] {
    if (queue.length > BATCH_LIMIT) return queue.splice(0, BATCH_LIMIT)
    const all = queue
    queue = []
    return all
  }

  function flush(): void {
    const locked = !runBatch()
    scheduled = queue.length > 0
    if (scheduled && locked) setTimeout(flush, LOCK_RETRY_MS)
    else if (scheduled) setImmediate(flush)
    else for (const resolve of onDrained.splice(0)) resolve()
  }

  return {
    write: <T>(work: () => Work<T>) =>
      new Promise<T>((resolve, reject) => {
        if (queue.length >= QUEUE_LIMIT) return reject(new StoreUnavailable('too many writes are waiting'))
        const giveUpAt = performance.now() + LOCK_PATIENCE_MS
        queue.push({ work, resolve: resolve as Job['resolve'], reject, giveUpAt, failed: false, outcome: undefined })
        if (scheduled) return
        scheduled = true
        setImmediate(flush)
      }),
    drained: () => (queue.length === 0 ? Promise.resolve() : new Promise(resolve => onDrained.push(resolve)))
  }
}
