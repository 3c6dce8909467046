import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../../tools/free-port.ts'
import type { OAuthClient } from './client.ts'

/** A `postern serve` process. */
export interface Service {
  readonly url: string
  readonly port: number
  /** Of the process that was spawned: of the wrapping command, if there is one. */
  readonly pid: number
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Milliseconds from the start to the first ready answer. Rejects when that takes longer, or the process ends. */
  ready(withinMs: number): Promise<number>
  /** Sends a signal to the process and to those that it started. */
  signal(name: NodeJS.Signals): void
  /** The end of what it printed. */
  output(): string
  /** Ends it with SIGTERM, or with SIGKILL when that does not help. */
  stop(): Promise<void>
}

interface Start {
  folder: string
  env?: Record<string, string>
  /** A command to run it under, such as strace. */
  wrap?: string[]
  /** Options of Node.js. */
  args?: string[]
  port?: number
}

/** Milliseconds in which a refresh whose answer was lost can be retried. */
export const GRACE_MS = 60_000

const root = fileURLToPath(new URL('../..', import.meta.url))
const PATIENCE_MS = 15_000
const POLL_MS = 5
const KEPT = 256 * 1024
const groups = new Set<number>()
// Services have process groups of their own, so what ends the harness would leave them behind.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(130))
process.once('exit', () => {
  for (const pid of groups) killGroup(pid, 'SIGKILL')
})

/** The environment of a service on the data in a folder, without rate limits. */
export const environmentOf = (folder: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
  DATABASE_URL: `sqlite:${join(folder, 'postern.db')}`,
  PUBLIC_URL: 'http://auth.test',
  AUTH_RATE_LIMIT: 'off',
  AUTH_ACCESS_TTL: '1h',
  AUTH_REFRESH_GRACE: `${GRACE_MS / 1000}s`,
  LOG_LEVEL: 'warn'
})

/** Spawns a service in a process group of its own; it ends with the harness at the latest. */
export async function startService({ folder, env, wrap = [], args = [], port }: Start): Promise<Service> {
  const at = port ?? (await freePort())
  const [program = '', ...rest] = [...wrap, process.execPath, ...args, join(root, 'src/cli.ts'), 'serve']
  const began = performance.now()
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...environmentOf(folder), PORT: String(at), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-KEPT)
    })
  }
  await once(child, 'spawn')
  const pid = child.pid as number
  groups.add(pid)
  const exited = once(child, 'close').then(([code, signal]) => {
    groups.delete(pid)
    return { code, signal }
  })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const signal = (name: NodeJS.Signals) => killGroup(pid, name)
  const url = `http://127.0.0.1:${at}`

  return {
    url,
    port: at,
    pid,
    exited,
    signal,
    output: () => printed,
    async ready(withinMs) {
      while (!(await isReady(url))) {
        const took = performance.now() - began
        if (hasEnded() || took > withinMs)
          throw new Error(`not ready after ${Math.round(took)} ms${hasEnded() ? ', it ended' : ''}: ${printed}`)
        await sleep(POLL_MS)
      }
      return performance.now() - began
    },
    async stop() {
      if (hasEnded()) return
      signal('SIGTERM')
      const late = setTimeout(() => signal('SIGKILL'), PATIENCE_MS)
      await exited
      clearTimeout(late)
    }
  }
}

/** Runs a command of `postern` on the data in a folder and gives what it prints. Rejects when it fails. */
export async function runCommand(folder: string, ...args: string[]): Promise<string> {
  const command = [join(root, 'src/cli.ts'), ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env: environmentOf(folder) })
  return stdout
}

/** Registers a client that may revoke tokens. */
export async function addOAuthClient(folder: string): Promise<OAuthClient> {
  const { client_id: id, client_secret: secret } = JSON.parse(
    await runCommand(folder, 'client', 'create', 'faults', '--json')
  )
  return { id, secret }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  await answer?.arrayBuffer().catch(() => undefined)
  return answer?.status === 200
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
