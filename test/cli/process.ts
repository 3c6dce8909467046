import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { recorded } from '../secrets/records.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** A command line without the hooks that the test runner puts into the NODE_OPTIONS of every child. */
export const plainly = (...command: string[]): [file: string, ...args: string[]] => [
  'env',
  '-u',
  'NODE_OPTIONS',
  ...command
]

export type Environment = Record<string, string | undefined>

interface Setting {
  env?: Environment
  /** What comes on stdin; nothing is an empty one. */
  input?: string
  /** JavaScript that runs before the command. */
  preload?: string
  /** Without what records logs and secrets for the search at the end, which loads modules of its own. */
  bare?: boolean
}

/** A process of `postern` with an environment of its own; killed when the test ends. */
export function start(t: Test, args: string[], { env = {}, preload, bare }: Setting = {}) {
  const first = preload ? ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] : []
  const recording = bare ? { args: [], env: {} } : recorded()
  const [file, ...command] = plainly(process.execPath, ...recording.args, ...first, cli, ...args)
  const child = spawn(file, command, { env: { PATH: process.env.PATH, ...recording.env, ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Runs `postern` to its end. */
export async function postern(t: Test, args: string[], setting: Setting = {}) {
  const child = start(t, args, setting)
  child.stdin.end(setting.input ?? '')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

/** The first value that is not undefined or false; asks every 10 ms. */
export async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await sleep(10)
  }
}

/** The settings of a deployment in a folder. */
export const inFolder = (folder: string, settings: Environment = {}): Environment => ({
  DATABASE_URL: `sqlite:${folder}/postern.db`,
  ...settings
})
