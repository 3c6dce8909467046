import { postgresPrograms } from '../../tools/postgres.ts'
import { logIn, register } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { chains } from '../load/chains.ts'
import { measure } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import { measuredServer, pgbench, startOn } from '../postgres.ts'
import type { Server } from '../processes.ts'
import { percentile } from '../statistics.ts'

const AT_ONCE = 50
const post = (port: number, path: string, refresh: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh })
  })

/** Several instances over a Postgres server on the same machine, against SQLite and against what the server can do. */
export const postgres: Row = async bench => {
  if (!postgresPrograms()) {
    process.stderr.write('  skipped: PostgreSQL is not installed on this machine\n')
    return []
  }
  const { plan } = bench
  const server = await measuredServer(bench)
  try {
    const one = await startOn(server, bench)
    // As new as the other: what a process did before tells in the speed of what it does next.
    const sqlite = await bench.startPostern(await bench.folder())
    for (const { port } of [one, sqlite]) await register(port, plan.users)
    const get = (to: Server, tokens: Array<{ access: string }>) => async () => {
      const requests = tokens.map(({ access }) => request('GET', '/api/protected/', to.port, bearer(access)))
      const { rate, busy } = await measure(to, { ...plan, awake: true, requests })
      return { rate, busy }
    }
    const checks = await compare(
      plan,
      { name: 'on Postgres', measure: get(one, await logIn(one.port, plan.users)) },
      { name: 'on SQLite', measure: get(sqlite, await logIn(sqlite.port, plan.users)) }
    )
    const tokens = (await logIn(one.port, plan.connections)).map(({ refresh }) => refresh)
    const refreshes = await compare(
      plan,
      { name: 'refresh', measure: chains(plan, one, { path: '/api/refresh/', tokens }) },
      { name: 'pgbench', measure: await pgbench(server, bench, plan) }
    )
    const instances = [one, await startOn(server, bench), await startOn(server, bench)] as const
    const count = plan.quick ? 5 : 200
    const wrong = await successors(instances, count)
    const took = await refusals(instances, plan.quick ? 5 : 100)
    const p99 = percentile(took, 0.99)
    return [
      ratio('GET /api/protected/ on Postgres', 'on SQLite', checks, { least: 0.9 }),
      ratio('POST /api/refresh/ on Postgres', 'the same UPDATE by pgbench', refreshes, { least: 0.5 }),
      {
        label: `${AT_ONCE} refreshes of one token at once over three instances, ${count} tokens`,
        measured: `${wrong} tokens with an error or a second successor`,
        value: wrong,
        unit: '',
        most: 0,
        details: {}
      },
      {
        label: 'Logout on one instance until two others refuse, 99th percentile',
        measured: `${p99.toFixed(0)} ms`,
        value: p99,
        unit: 'ms',
        most: 200,
        details: took
      }
    ]
  } finally {
    await server.remove()
  }
}

/** How many of so many tokens do not get one successor from everybody. */
async function successors(instances: readonly Server[], count: number): Promise<number> {
  let wrong = 0
  for (let n = 0; n < count; n++) {
    const [pair] = await logIn(instances[0]?.port ?? 0, 1)
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, at) =>
        post(instances[at % instances.length]?.port ?? 0, '/api/refresh/', pair?.refresh ?? '')
      )
    )
    const bodies = (await Promise.all(answers.map(answer => answer.json()))) as Array<{ refresh?: string }>
    if (answers.some(({ status }) => status !== 200) || new Set(bodies.map(({ refresh }) => refresh)).size !== 1)
      wrong++
  }
  return wrong
}

/** Milliseconds from the answer to a logout until all others refuse the token. */
async function refusals([one, ...others]: readonly [Server, ...Server[]], times: number): Promise<number[]> {
  const check = async ({ port }: Server, access: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/protected/`, { headers: bearer(access) })
    await answer.arrayBuffer()
    return answer.status
  }
  const took: number[] = []
  for (let n = 0; n < times; n++) {
    const [pair = { access: '', refresh: '' }] = await logIn(one.port, 1)
    await Promise.all(others.map(other => check(other, pair.access)))
    await post(one.port, '/api/logout/', pair.refresh)
    const began = performance.now()
    await Promise.all(
      others.map(async other => {
        while ((await check(other, pair.access)) !== 401);
      })
    )
    took.push(performance.now() - began)
  }
  return took
}
