import { availableParallelism } from 'node:os'
import fastq from 'fastq'
import { PosternError } from '../errors.ts'

const QUEUE = 128
const GATHER_MS = 40

/**
 * The gate that costly work passes: as many jobs at a time as there are cores, a bounded queue behind them, and
 * `overloaded` beyond. While jobs wait, results are given out together, a few every 40 ms: what follows a hash (a commit,
 * two signatures) then shares its fsync and finds its code in the processor's caches, which hashing has emptied.
 */
export function createHashGate() {
  const gate = fastq.promise((job: () => Promise<unknown>) => job(), availableParallelism())
  let gathered: Array<() => void> = []
  let timer: NodeJS.Timeout | undefined

  function release(): void {
    clearTimeout(timer)
    timer = undefined
    const released = gathered
    gathered = []
    for (const give of released) give()
  }

  return {
    /** Runs a job when its turn comes. Rejects as the job does, and with `overloaded` when too many wait. */
    async run<Result>(job: () => Promise<Result>): Promise<Result> {
      if (gate.length() >= QUEUE) throw new PosternError('overloaded', { retryAfter: 1 })
      const result = (await gate.push(job)) as Result
      return new Promise(resolve => {
        gathered.push(() => resolve(result))
        if (gate.length() === 0) release()
        else timer ??= setTimeout(release, GATHER_MS)
      })
    },
    /** Lets what runs and waits finish first. */
    close: (): Promise<void> => gate.drained()
  }
}
