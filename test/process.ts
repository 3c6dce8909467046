import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { recordLeftDatabase } from './secrets/databases.ts'
import { recorded } from './secrets/records.ts'

/** A `postern serve` process of its own, as a user runs it. */
export interface Served {
  url: string
  process: ChildProcess
  /** Sends a signal and waits for the end; gives the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

const cli = join(import.meta.dirname, '..', 'src', 'cli.ts')

/** Starts the service on a free port over a database in `folder`; killed when the test ends. */
export async function serve(t: Test, folder: string, environment: Record<string, string> = {}): Promise<Served> {
  const recording = recorded()
  const child = spawn(process.execPath, [...recording.args, cli, 'serve'], {
    env: {
      ...recording.env,
      PATH: process.env.PATH,
      PORT: '0',
      PUBLIC_URL: 'http://auth.test',
      DATABASE_URL: `sqlite:${join(folder, 'postern.db')}`,
      AUTH_RATE_LIMIT: 'off',
      ...environment
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | string)
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return ended
  }
  t.teardown(async () => {
    if ((await stop('SIGKILL')) === 'SIGKILL') recordLeftDatabase(join(folder, 'postern.db'))
  })
  return { url: await address(child), process: child, stop }
}

/** The address of the log line that says where the service listens. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = ''
    child.once('exit', () => reject(new Error(`the service ended before it listened: ${log}`)))
    child.stdout?.on('data', chunk => {
      log += chunk
      const url = /http:\/\/(127\.0\.0\.1|\[::1\]):\d+/.exec(log)?.[0]
      if (url) resolve(url)
    })
  })
}
