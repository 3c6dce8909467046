import type { Test } from 'tap'

/** How many times, and from which seed; said with the test, so that a failure can be repeated. */
export interface Runs {
  seed: number
  numRuns: number
  interruptAfterTimeLimit: number
  /** Whoever reads a failure wants the request, not a hundred on the way to it. */
  verbose: 0
}

const FIXED = 20260131

/**
 * The same requests in every run, unless POSTERN_FUZZ_SEED names another seed or says `random`; POSTERN_FUZZ_FACTOR
 * makes more of them. `milliseconds` is the longest that they may take.
 */
export function runs(t: Test, numRuns: number, milliseconds: number): Runs {
  const { POSTERN_FUZZ_SEED: wanted = FIXED, POSTERN_FUZZ_FACTOR: factor = 1 } = process.env
  const seed = wanted === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(wanted)
  t.comment(`POSTERN_FUZZ_SEED=${seed}`)
  const many = Number(factor)
  return { seed, numRuns: numRuns * many, interruptAfterTimeLimit: milliseconds * many, verbose: 0 }
}
