import type { Row } from '../figure.ts'
import { median } from '../statistics.ts'

/** From the start of the process, in an empty folder, to the first 200 of /health/ready. */
export const start: Row = async ({ plan, startPostern, folder }) => {
  const rounds: number[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    const server = await startPostern(await folder())
    await server.stop()
    rounds.push(server.startedIn / 1000)
    process.stderr.write(`  ${round}: ${server.startedIn.toFixed()} ms\n`)
  }
  const value = median(rounds)
  return [
    {
      label: 'Start to first 200, empty folder',
      measured: `${value.toFixed(2)} s`,
      value,
      unit: 's',
      most: 1,
      details: rounds
    }
  ]
}
