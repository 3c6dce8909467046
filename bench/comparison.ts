import type { Plan } from './bench.ts'
import { median } from './statistics.ts'

/** What one measurement gives: a rate a second and, where it is known, which share of the time the server was busy. */
export interface Measurement {
  rate: number
  busy?: number
}

/** One of two things that are measured side by side. */
export interface Contender {
  name: string
  measure(): Promise<Measurement>
}

/** Medians over the rounds, and the median of the rounds' own ratios. */
export interface Comparison {
  measured: Measurement
  limit: Measurement
  ratio: number
  /** The same for the processor time of the servers' main threads: it hardly depends on what else the machine does. */
  processorRatio: number
  rounds: Array<{ measured: Measurement; limit: Measurement }>
}

/**
 * Warms both up, then measures them by turns, in an order that changes with each round: what else the machine does hits
 * both alike.
 */
export async function compare(plan: Plan, measured: Contender, limit: Contender): Promise<Comparison> {
  if (!plan.quick) {
    await limit.measure()
    await measured.measure()
  }
  const rounds: Comparison['rounds'] = []
  for (let round = 1; round <= plan.rounds; round++) {
    const first = round % 2 === 1 ? await limit.measure() : undefined
    const ours = await measured.measure()
    const theirs = first ?? (await limit.measure())
    rounds.push({ measured: ours, limit: theirs })
    process.stderr.write(
      `  ${round}: ${describe(measured, ours)}, ${describe(limit, theirs)}, ratio ${(ours.rate / theirs.rate).toFixed(3)}\n`
    )
  }
  return {
    measured: middle(rounds.map(round => round.measured)),
    limit: middle(rounds.map(round => round.limit)),
    ratio: median(rounds.map(round => round.measured.rate / round.limit.rate)),
    processorRatio: median(rounds.map(round => perProcessorSecond(round.measured) / perProcessorSecond(round.limit))),
    rounds
  }
}

const middle = (measurements: Measurement[]): Measurement => ({
  rate: median(measurements.map(({ rate }) => rate)),
  busy: median(measurements.map(({ busy = Number.NaN }) => busy))
})

const perProcessorSecond = ({ rate, busy = Number.NaN }: Measurement) => rate / busy

const describe = ({ name }: Contender, { rate, busy }: Measurement) =>
  `${name} ${rate.toFixed()}/s${busy ? ` (${(busy * 100).toFixed()} % busy)` : ''}`
