import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'

/** How an image is run: what its Dockerfile says, seen from outside. */
export interface Run {
  /** The root of its file system, with a node in usr/local/bin. */
  root: string
  env: Record<string, string>
  command: string[]
  healthcheck: string[]
  uid: number
  gid: number
}

export interface Container {
  url: string
  log: () => string
  hasEnded: () => boolean
  /** Resolves with the exit code of the health check, run once. */
  check(): Promise<number>
  /** Sends SIGTERM; gives the exit code, or the signal that ended it. */
  stop(): Promise<number | string>
}

/** Starts the command of an image as its user, on a free port; killed when the test ends. */
export async function start(t: Test, { root, env, command, healthcheck, uid, gid }: Run): Promise<Container> {
  const port = await freePort()
  const settings = Object.entries({ ...env, PORT: String(port) }).map(([name, value]) => `${name}=${value}`)
  const visible = settings.map(setting => setting.replace('/data', join(root, 'data')))
  const options: SpawnOptions = { cwd: join(root, 'app'), ...(process.getuid?.() === 0 && { uid, gid }) }
  // By way of env: tap puts hooks of its own into the environment of every child.
  const launch = (words: string[], stdio: StdioOptions) =>
    spawn('env', ['-i', `PATH=${join(root, 'usr/local/bin')}`, ...visible, ...words], { ...options, stdio })
  const child = launch(command, ['ignore', 'pipe', 'pipe'])
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (log += chunk))
  const ended = end(child)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    url: `http://127.0.0.1:${port}`,
    log: () => log,
    hasEnded: () => child.exitCode !== null,
    check: async () => Number(await end(launch(healthcheck, 'ignore'))),
    stop: () => {
      child.kill('SIGTERM')
      return ended
    }
  }
}

/** Waits until the health check of a container succeeds; throws its log when it ends before, and after 30 seconds. */
export async function healthy(container: Container): Promise<void> {
  const giveUpAt = performance.now() + 30_000
  while ((await container.check()) !== 0) {
    if (container.hasEnded() || performance.now() > giveUpAt)
      throw new Error(`the container is not healthy:\n${container.log()}`)
    await sleep(50)
  }
}

const end = async (child: ChildProcess): Promise<number | string> => {
  const [code, signal] = await once(child, 'exit')
  return signal ?? code
}
