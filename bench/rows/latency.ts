import { logIn } from '../accounts.ts'
import type { Plan } from '../bench.ts'
import type { Figure, Row } from '../figure.ts'
import { load } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import { median, percentile } from '../statistics.ts'
import { loginRequests } from './login.ts'

const RATE = 300
const CONNECTIONS = 16

/** How long GET /api/protected/ takes while logins keep every core busy hashing. */
export const latency: Row = async ({ plan, postern }) => {
  const { port } = await postern()
  return [await latencyDuringLogins(plan, port, { inFlight: 64, of: 'logins', most: 25 })]
}

/** The same for the logins of all users on a port, which `prepare` makes ready before each round. */
export async function latencyDuringLogins(
  plan: Plan,
  port: number,
  { inFlight, of, most, prepare = () => {} }: { inFlight: number; of: string; most: number; prepare?: () => void }
): Promise<Figure> {
  const tokens = await logIn(port, plan.users)
  const logins = loginRequests(port, plan.users)
  const requests = tokens.map(({ access }) => request('GET', '/api/protected/', port, bearer(access)))
  const rounds: Array<{ p50: number; p99: number; max: number; logins: number }> = []
  for (let round = 1; round <= plan.rounds; round++) {
    prepare()
    // The logins begin before the first request that counts and end after the last one.
    const [{ rate }, { latencies }] = await Promise.all([
      load({ ...plan, seconds: plan.seconds + 2 * plan.lead, port, connections: inFlight, requests: logins }),
      load({ ...plan, lead: 2 * plan.lead, port, connections: CONNECTIONS, requests, rate: RATE })
    ])
    const at = (share: number) => percentile(latencies, share)
    const figures = { p50: at(0.5), p99: at(0.99), max: at(1), logins: rate }
    process.stderr.write(`  ${round}: p99 ${figures.p99.toFixed(1)} ms, ${rate.toFixed()} logins/s\n`)
    rounds.push(figures)
  }
  const middle = (name: 'p50' | 'p99' | 'max') => median(rounds.map(round => round[name]))
  return {
    label: `GET /api/protected/ at ${RATE}/s while ${inFlight} ${of} are in flight`,
    measured: `p99 ${middle('p99').toFixed(1)} ms (median ${middle('p50').toFixed(1)}, worst ${middle('max').toFixed(1)})`,
    value: middle('p99'),
    unit: 'ms',
    most,
    details: rounds
  }
}
