import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { until } from '../cli/process.ts'
import { skip } from './server.ts'

const tools = new URL('../../tools/postgres.ts', import.meta.url).href

t.test('a server of ours ends with the process that started it, also when that is killed', { skip }, async t => {
  if (process.platform !== 'linux') return t.comment('only Linux tells a process of the end of another')
  const code = `import { startPostgres } from '${tools}'
    const server = await startPostgres(['fsync=off'])
    console.log(JSON.stringify({ pid: server.pid(), folder: server.folder }))`
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => owner.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: owner.stdout }), 'line')
  const { pid, folder } = JSON.parse(line)
  t.teardown(() => rmSync(dirname(folder), { recursive: true }))
  const isThere = () => existsSync(`/proc/${pid}`)
  t.ok(isThere())
  const ended = once(owner, 'exit')
  owner.kill('SIGKILL')
  await ended
  await until(() => !isThere())
})
