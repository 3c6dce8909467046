import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { type PostgresServer, startPostgres } from '../../tools/postgres.ts'
import type { OAuthClient } from '../harness/client.ts'
import { environmentOf, type Service, startService } from '../harness/service.ts'
import { openProxy, type Passage } from '../network/proxy.ts'

/** Two instances over one Postgres server, which they reach through a passage. */
export interface Deployment {
  readonly services: readonly [Service, Service]
  readonly passage: Passage
  readonly oauth: OAuthClient
  /** The server that is the primary. */
  server: PostgresServer
  /** Milliseconds until both instances are ready. Rejects when that takes 15 s. */
  recovered(): Promise<number>
  /** What is wrong with the connections of the instances while they have nothing to do; nothing is good. */
  leaks(): Promise<string[]>
  /** Asks the server directly, as its superuser. */
  query(text: string): Promise<Array<Record<string, unknown>>>
  /** Runs a command of `postern`. Rejects when it fails. */
  command(...args: string[]): Promise<string>
  stop(): Promise<void>
}

const POOL = 6
const START_MS = 30_000
const PATIENCE_MS = 15_000
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** Starts all of it, with the data of the server on the disk of temporary files. */
export async function deploy(folder: string): Promise<Deployment> {
  const server = await startPostgres()
  const passage = await openProxy(server.port)
  const env = {
    DATABASE_URL: passage.url(server.url),
    DATABASE_POOL: String(POOL),
    AUTH_SECRET: 'a master secret that only experiments have',
    DATA_DIR: folder
  }
  const one = await startService({ folder, env })
  await one.ready(START_MS)
  const two = await startService({ folder, env })
  await two.ready(START_MS)
  const services = [one, two] as const

  async function command(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
      env: { ...environmentOf(folder), ...env }
    })
    return stdout
  }

  async function query(text: string): Promise<Array<Record<string, unknown>>> {
    const client = new pg.Client({ connectionString: deployment.server.url })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  const created = JSON.parse(await command('client', 'create', 'faults', '--json'))
  const deployment: Deployment = {
    services,
    passage,
    server,
    oauth: { id: created.client_id, secret: created.client_secret },
    query,
    command,
    async recovered() {
      const took = await Promise.all(services.map(({ url }) => ready(url)))
      return Math.max(...took)
    },
    async leaks() {
      const [found] = await query(`
        SELECT count(*)::int AS open, count(*) FILTER (WHERE state LIKE 'idle in transaction%')::int AS stuck
        FROM pg_stat_activity WHERE application_name = 'postern'
      `)
      const { open, stuck } = found as { open: number; stuck: number }
      return [
        ...(open > services.length * (POOL + 1) ? [`${open} connections are open`] : []),
        ...(stuck > 0 ? [`${stuck} connections are in a transaction`] : [])
      ]
    },
    async stop() {
      await Promise.all(services.map(service => service.stop()))
      await passage.close()
      await deployment.server.remove()
    }
  }
  return deployment
}

async function ready(url: string): Promise<number> {
  const began = performance.now()
  for (;;) {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(`${url}/health/ready`, { signal }).catch(() => undefined)
    await answer?.arrayBuffer().catch(() => undefined)
    const took = performance.now() - began
    if (answer?.status === 200) return took
    if (took > PATIENCE_MS) throw new Error(`${url} is not ready after ${Math.round(took)} ms`)
    await sleep(10)
  }
}
