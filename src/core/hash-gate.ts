import { availableParallelism } from 'node:os'
import fastq from 'fastq'
import { PosternError } from '../errors.ts'

export type HashGate = ReturnType<typeof createHashGate>

/** What the gate is told of the world around it. */
export interface HashGateSigns {
  /** Whether the event loop lags. */
  lags(): boolean
  /** A question about whoever asks now: has he hung up since? */
  caller(): () => boolean
}

const QUEUE = 128
/** While the event loop lags. Not none: a flood of checks would keep everybody out. */
const SHORT_QUEUE = 16
/** Whoever would probably wait longer is refused at once. */
const MOST_EXPECTED_MS = 3_000
/** Whoever has waited longer is refused when his turn comes: the work before him was dearer than what was seen till then. */
const MOST_WAITED_MS = 5_000
/** The part that one job has in the running mean of what jobs take. */
const WEIGHT = 1 / 16
const GATHER_MS = 40

/**
 * The gate that costly work passes: as many jobs at a time as there are cores, a queue behind them that is bounded in
 * number and in time, and `overloaded` beyond; it is shorter while the event loop lags. While jobs wait, results are
 * given out together, a few every 40 ms: what follows a hash (a commit, two signatures) then shares its fsync and finds
 * its code in the processor's caches, which hashing has emptied.
 */
export function createHashGate({ lags, caller }: HashGateSigns) {
  const cores = availableParallelism()
  const gate = fastq.promise((job: () => Promise<unknown>) => job(), cores)
  let mean: number | undefined
  let gathered: Array<() => void> = []
  let timer: NodeJS.Timeout | undefined

  function release(): void {
    clearTimeout(timer)
    timer = undefined
    const released = gathered
    gathered = []
    for (const give of released) give()
  }

  const given = <Result>(result: Result): Promise<Result> =>
    new Promise(resolve => {
      gathered.push(() => resolve(result))
      if (gate.length() === 0) release()
      else timer ??= setTimeout(release, GATHER_MS)
    })

  /** Milliseconds that the next one would wait. */
  const expected = (): number => (gate.length() / cores) * (mean ?? 0)

  const refusal = () => new PosternError('overloaded', { retryAfter: Math.max(1, Math.ceil(expected() / 1000)) })

  function demandRoom(): void {
    if (gate.length() >= (lags() ? SHORT_QUEUE : QUEUE) || expected() > MOST_EXPECTED_MS) throw refusal()
  }

  async function timed<Result>(job: () => Promise<Result>): Promise<Result> {
    const begun = performance.now()
    try {
      return await job()
    } finally {
      const took = performance.now() - begun
      mean = mean === undefined ? took : mean + (took - mean) * WEIGHT
    }
  }

  return {
    /**
     * Runs a job when its turn comes, and never for somebody who has hung up by then. Rejects as the job does, and with
     * `overloaded` when too many wait.
     */
    async run<Result>(job: () => Promise<Result>): Promise<Result> {
      demandRoom()
      const hungUp = caller()
      const cameAt = performance.now()
      const turn = () => {
        if (hungUp() || performance.now() - cameAt > MOST_WAITED_MS) throw refusal()
        return timed(job)
      }
      return given((await gate.push(async () => turn())) as Result)
    },
    /** Runs the second job of somebody whose first has had its turn, before all who wait. Rejects as the job does. */
    runNext: async <Result>(job: () => Promise<Result>): Promise<Result> =>
      given((await gate.unshift(() => timed(job))) as Result),
    /** Lets what runs and waits finish first. */
    close: (): Promise<void> => gate.drained()
  }
}
