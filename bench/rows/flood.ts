import { setTimeout as sleep } from 'node:timers/promises'
import { logIn, password, register, username } from '../accounts.ts'
import type { Row } from '../figure.ts'
import type { Flood, Statuses } from '../load/flood.ts'
import { ask, load } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import { percentile } from '../statistics.ts'

const LOGINS = 200
const CHECKS = 300
const CONNECTIONS = 16
const SECONDS = 8

/** How long checks take while more logins come than can be hashed, and when the next login works after that. */
export const flood: Row = async ({ plan, startPostern, folder }) => {
  const { port } = await startPostern(await folder())
  await register(port, plan.users)
  const tokens = await logIn(port, plan.users)
  const seconds = plan.quick ? 1 : SECONDS
  const bodies = Array.from({ length: plan.users }, (_, n) => JSON.stringify({ username: username(n), password }))
  const task: Flood = { port, path: '/api/login/', bodies, rate: LOGINS, seconds }
  const flooding = ask<Statuses>(new URL('../load/flood.ts', import.meta.url), task)
  const requests = tokens.map(({ access }) => request('GET', '/api/protected/', port, bearer(access)))
  const { latencies } = await load({
    port,
    connections: CONNECTIONS,
    requests,
    rate: CHECKS,
    lead: plan.lead,
    seconds: seconds - plan.lead
  })
  const recovery = await recovered(port, JSON.parse(bodies[0] as string))
  const statuses = await flooding
  const p99 = percentile(latencies, 0.99)
  const share = (status: number) => Math.round((statuses[status] ?? 0) / seconds)
  return [
    {
      label: `GET /api/protected/ at ${CHECKS}/s while ${LOGINS} logins a second arrive`,
      measured: `p99 ${p99.toFixed(1)} ms (worst ${percentile(latencies, 1).toFixed(1)}); logins: ${share(200)}/s in, ${share(503)}/s told to wait`,
      value: p99,
      unit: 'ms',
      most: 50,
      details: { statuses, p99 }
    },
    {
      label: 'From the end of that flood to the next login',
      measured: `${recovery.toFixed(2)} s`,
      value: recovery,
      unit: 's',
      most: 5,
      details: [recovery]
    }
  ]
}

/** Seconds until the service is ready and a login works. */
async function recovered(port: number, credentials: object): Promise<number> {
  const begun = performance.now()
  const url = `http://127.0.0.1:${port}`
  const headers = { 'content-type': 'application/json' }
  const works = async () => {
    const ready = await fetch(`${url}/health/ready`)
    const login = await fetch(`${url}/api/login/`, { method: 'POST', headers, body: JSON.stringify(credentials) })
    return ready.ok && login.ok
  }
  while (!(await works())) await sleep(50)
  return (performance.now() - begun) / 1000
}
