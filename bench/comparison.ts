import type { Plan } from './bench.ts'
import { median } from './statistics.ts'

/** One of two things that are measured side by side. */
export interface Contender {
  name: string
  /** Measures once; a rate a second. */
  measure(): Promise<number>
}

/** Medians over the rounds, and the median of the rounds' own ratios. */
export interface Comparison {
  measured: number
  limit: number
  ratio: number
  rounds: Array<{ measured: number; limit: number }>
}

/**
 * Warms both up, then measures them by turns, in an order that changes with each round: what else the machine does hits
 * both alike.
 */
export async function compare(plan: Plan, measured: Contender, limit: Contender): Promise<Comparison> {
  await limit.measure()
  await measured.measure()
  const rounds: Comparison['rounds'] = []
  for (let round = 1; round <= plan.rounds; round++) {
    const figures = { measured: 0, limit: 0 }
    if (round % 2 === 1) figures.limit = await limit.measure()
    figures.measured = await measured.measure()
    if (round % 2 === 0) figures.limit = await limit.measure()
    rounds.push(figures)
    const { measured: ours, limit: theirs } = figures
    process.stderr.write(
      `  round ${round}: ${measured.name} ${ours.toFixed()}/s, ${limit.name} ${theirs.toFixed()}/s, ${(ours / theirs).toFixed(3)}\n`
    )
  }
  return {
    measured: median(rounds.map(round => round.measured)),
    limit: median(rounds.map(round => round.limit)),
    ratio: median(rounds.map(round => round.measured / round.limit)),
    rounds
  }
}
