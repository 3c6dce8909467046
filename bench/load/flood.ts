import { request } from 'node:http'

/** Requests of clients that know nothing of each other: each on a connection of its own, at their rate, come what may. */
export interface Flood {
  port: number
  path: string
  bodies: string[]
  /** Requests a second. */
  rate: number
  seconds: number
}

/** How often each status came; no answer counts as 0. */
export type Statuses = Record<number, number>

const PATIENCE = 20_000

process.once('message', async (task: Flood) => {
  const late = setTimeout(() => process.exit(1), task.seconds * 1000 + PATIENCE)
  const statuses = await flood(task)
  clearTimeout(late)
  process.send?.(statuses, () => process.exit())
})

function flood({ port, path, bodies, rate, seconds }: Flood): Promise<Statuses> {
  const statuses: Statuses = {}
  const begun = performance.now()
  const all = rate * seconds
  let sent = 0
  let answered = 0

  return new Promise(resolve => {
    function note(status: number): void {
      statuses[status] = (statuses[status] ?? 0) + 1
      answered += 1
      if (answered === all) resolve(statuses)
    }

    function send(): void {
      const headers = { 'content-type': 'application/json' }
      const outgoing = request({ port, path, method: 'POST', headers, agent: false }, answer => {
        answer.resume().once('end', () => note(answer.statusCode ?? 0))
      })
      outgoing.once('error', () => note(0)).end(bodies[sent % bodies.length])
      sent += 1
    }

    function dispatch(): void {
      const due = Math.min(all, ((performance.now() - begun) / 1000) * rate)
      while (sent < due) send()
      if (sent < all) setTimeout(dispatch, 1)
    }
    dispatch()
  })
}
