import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { StartProxy } from './bench.ts'
import { run, skipWithout } from './process.ts'
import { promises } from './promises.ts'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'haproxy')

const start: StartProxy = async (t, { proxy, postern, application }) => {
  const home = t.testdir()
  const [config, script] = [join(home, 'haproxy.cfg'), join(home, 'postern.lua')]
  const text = (await readFile(join(folder, 'haproxy.cfg'), 'utf8'))
    .replace('127.0.0.1:8000', `127.0.0.1:${postern}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${application}`)
    .replace('bind :80', `bind 127.0.0.1:${proxy}`)
    .replace('/etc/haproxy/postern.lua', script)
  await copyFile(join(folder, 'postern.lua'), script)
  await writeFile(config, text)
  await run(t, 'haproxy', ['-db', '-f', config], proxy, home)
}

promises(t, start, skipWithout('haproxy'))
