import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../tools/free-port.ts'

/** A server in a process of its own. */
export interface Server {
  readonly port: number
  readonly pid: number
  /** Milliseconds from the start of the process to its first 200. */
  readonly startedIn: number
  stop(): Promise<void>
}

interface Start {
  /** Program and arguments, run in the folder of the project. */
  command: [string, ...string[]]
  /** Path that answers 200 when the server is ready. */
  ready: string
  environment?: Record<string, string>
}

const root = new URL('..', import.meta.url)
const POLL_MS = 5
const PATIENCE_MS = 15_000

/** Starts a server on a free port, which it finds in PORT. Rejects with what it printed when it does not answer 200. */
export async function startServer({ command: [program, ...rest], ready, environment }: Start): Promise<Server> {
  const port = await freePort()
  const begun = performance.now()
  const child = spawn(program, rest, {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const orphan = () => void child.kill('SIGKILL')
  process.once('exit', orphan)
  const stop = async () => {
    await end(child)
    process.off('exit', orphan)
  }
  const printed = collect(child)
  const giveUpAt = begun + PATIENCE_MS
  while (!(await answers(`http://127.0.0.1:${port}${ready}`))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      await stop()
      throw new Error(`${[program, ...rest].join(' ')} does not answer on ${ready}:\n${printed.join('')}`)
    }
    await sleep(POLL_MS)
  }
  return { port, pid: child.pid as number, startedIn: performance.now() - begun, stop }
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.status === 200
}

function collect({ stdout, stderr }: ChildProcess): string[] {
  const printed: string[] = []
  for (const stream of [stdout, stderr]) stream?.setEncoding('utf8').on('data', text => printed.push(text))
  return printed
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await ended
  clearTimeout(late)
}
