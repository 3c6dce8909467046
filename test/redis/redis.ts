import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'

/** For tests that need a Redis: why they cannot run on this machine, or false. */
export const noRedis =
  spawnSync('redis-server', ['--version']).status === 0 || process.env.POSTERN_REQUIRE_REDIS === '1'
    ? false
    : 'there is no redis-server on this machine'

/** A redis-server process of its own, which forgets all when it ends; ended with the test. */
export interface RedisServer {
  url: string
  port: number
  kill(signal: NodeJS.Signals): void
  /** Kills it, and starts another on the same port. */
  restart(): Promise<void>
  /** Sends one command and gives the reply. */
  tell(words: string): Promise<unknown>
}

/** Starts one on a free port, or on the given one. */
export async function redisServer(t: Test, { port = 0, settings = [] as string[], password = '' } = {}) {
  const chosen = port || (await freePort())
  let child = await launch(chosen, settings)
  t.teardown(() => end(child))

  const server: RedisServer = {
    url: `redis://${password && `:${password}@`}127.0.0.1:${chosen}`,
    port: chosen,
    kill: signal => child.kill(signal),
    async restart() {
      await end(child)
      child = await launch(chosen, settings)
    },
    async tell(words) {
      const [command = '', ...rest] = words.split(' ')
      const redis = new Redis({ port: chosen, host: '127.0.0.1', password, retryStrategy: null })
      try {
        return await redis.call(command, ...rest)
      } finally {
        redis.disconnect()
      }
    }
  }
  return server
}

async function launch(port: number, settings: string[]): Promise<ChildProcess> {
  // Nothing is saved, so it writes no file wherever it stands.
  const alone = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', [...alone, ...settings], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('Ready to accept connections')) break
  }
  if (child.exitCode !== null) throw new Error(`redis-server did not start: ${said}`)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Waits for something to become true; gives how many milliseconds that took. */
export async function soon(isSo: () => unknown, patience = 3000): Promise<number> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > patience) throw new Error(`not within ${patience} ms`)
    await sleep(20)
  }
  return performance.now() - began
}
