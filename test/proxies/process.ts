import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']

const find = (name: string) => FOLDERS.map(folder => `${folder}/${name}`).find(existsSync)

/** Why the tests with a proxy are left out; false when they are not, and never where they are required. */
export const skipWithout = (name: string): string | false =>
  find(name) || process.env.POSTERN_REQUIRE_PROXIES === '1' ? false : `${name} is not installed`

/** Runs a proxy until the test ends, from the moment on when it listens; what it complains of is in the error if it ends early. */
export async function run(t: Test, name: string, parameters: string[], port: number, home: string): Promise<void> {
  const path = find(name)
  if (!path) throw new Error(`POSTERN_REQUIRE_PROXIES is 1, but there is no ${name}`)
  const env = { PATH: FOLDERS.join(':'), HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  const child = spawn(path, parameters, { cwd: home, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  let complaints = ''
  child.stderr.on('data', chunk => {
    complaints += chunk
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for (let left = 500; left > 0; left--) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${complaints}`)
    if (await answers(port)) return
    await wait(20)
  }
  throw new Error(`${name} does not listen: ${complaints}`)
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
