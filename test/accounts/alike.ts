import { percentile } from '../../bench/statistics.ts'

const ROUNDS = 6
// So wide is an interval that misses the true median once in two thousand times.
const STANDARD_ERRORS = 3.5

interface Alike {
  /** What the median would be if nothing told the two apart: 0 of differences, 1 of ratios. */
  expected: number
  tolerance: number
  /** One value for each pair that was measured in a round. */
  measure(round: number): Promise<number[]>
}

/**
 * Whether the median of paired measurements is what it should be. Measures until the interval in which the median lies,
 * whatever the values' distribution (order statistics, as in the sign test), is wholly inside or wholly outside what
 * is tolerated. What else the machine does makes the interval wide and never moves it, so that only a difference in
 * what we do is found; one that noise hides after all rounds counts as none.
 */
export async function isAlike({ expected, tolerance, measure }: Alike): Promise<{ alike: boolean; found: string }> {
  const values: number[] = []
  for (let round = 0; ; round++) {
    values.push(...(await measure(round)))
    const margin = STANDARD_ERRORS / (2 * Math.sqrt(values.length))
    const [low, high] = [percentile(values, 0.5 - margin), percentile(values, 0.5 + margin)]
    const found = `the median of ${values.length} pairs is between ${low.toFixed(3)} and ${high.toFixed(3)}`
    if (low > expected + tolerance || high < expected - tolerance) return { alike: false, found }
    const isCertain = low > expected - tolerance && high < expected + tolerance
    if (isCertain || round + 1 === ROUNDS) return { alike: true, found }
  }
}
