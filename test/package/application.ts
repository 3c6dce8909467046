import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'

/** A command without the loaders that tap gives to all its children: it runs as a user's would. */
export const plainly = (...command: string[]): [string, string[]] => ['env', ['NODE_OPTIONS=', ...command]]

/** Starts an application that listens on PORT; `ask` sends it a request, `end` sends SIGTERM and gives the exit code. */
export async function start(t: Test, file: string, cwd: string, more: Record<string, string> = {}) {
  const port = await freePort()
  const env = { ...process.env, ...more, PORT: `${port}` }
  const child = spawn(...plainly(process.execPath, file), { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  for await (const [chunk] of on(child.stdout, 'data', { close: ['close'] }))
    if (`${chunk}`.includes('Server listening')) break
  child.stdout.resume()

  const ask = async (path: string, { access, body }: { access?: string; body?: object } = {}) => {
    const headers = {
      connection: 'close',
      ...(body && { 'content-type': 'application/json' }),
      ...(access && { authorization: `Bearer ${access}` })
    }
    const message = request({ port, path, method: body ? 'POST' : 'GET', headers, agent: false })
    message.end(body && JSON.stringify(body))
    const [response] = await once(message, 'response')
    const answer = await text(response)
    return { status: response.statusCode, answer: answer.startsWith('{') ? JSON.parse(answer) : answer }
  }
  const login = async (username: string, prefix = '/auth'): Promise<string> =>
    (await ask(`${prefix}/api/login/`, { body: { username, password: 'correct horse' } })).answer.access
  const register = (username: string, prefix = '/auth') =>
    ask(`${prefix}/api/register/`, { body: { username, email: `${username}@example.com`, password: 'correct horse' } })
  const end = async () => {
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    return code
  }
  return { port, ask, login, register, end }
}
