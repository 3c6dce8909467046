import { emptyOutcome, type Outcome } from './experiment.ts'
import type { Breaches } from './ledger.ts'

/** Adds what an audit found to an outcome. */
export function addVerdict(outcome: Outcome, { lost, resurrected, duplicated, half, unexpected }: Breaches): void {
  outcome.lost.push(...lost)
  outcome.resurrected.push(...resurrected)
  outcome.duplicated.push(...duplicated)
  outcome.violations.push(...half, ...unexpected)
}

/** Several outcomes of one experiment as one; the figures of the last one that has a name count. */
export function sum(outcomes: Outcome[]): Outcome {
  return outcomes.reduce<Outcome>(
    (all, one) => ({
      trials: all.trials + one.trials,
      faults: all.faults + one.faults,
      acknowledged: all.acknowledged + one.acknowledged,
      lost: [...all.lost, ...one.lost],
      resurrected: [...all.resurrected, ...one.resurrected],
      duplicated: [...all.duplicated, ...one.duplicated],
      violations: [...all.violations, ...one.violations],
      longestOutageMs: Math.max(all.longestOutageMs, one.longestOutageMs),
      figures: { ...all.figures, ...one.figures }
    }),
    emptyOutcome()
  )
}
