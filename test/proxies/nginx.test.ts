import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { StartProxy } from './bench.ts'
import { run, skipWithout } from './process.ts'
import { promises } from './promises.ts'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'nginx')
const FILES = ['nginx.conf', 'postern_ask.conf', 'postern_pass.conf']
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const start: StartProxy = async (t, { proxy, postern, application }) => {
  const home = t.testdir()
  const own = TEMPORARY.map(name => `${name}_temp_path ${home}/${name};`).join('\n')
  for (const file of FILES) {
    const text = (await readFile(join(folder, file), 'utf8'))
      .replace('127.0.0.1:8000', `127.0.0.1:${postern}`)
      .replace('127.0.0.1:3000', `127.0.0.1:${application}`)
      .replace('listen 80;', `listen 127.0.0.1:${proxy};`)
      .replace('http {', `http {\naccess_log off;\n${own}`)
    await writeFile(join(home, file), text)
  }
  const settings = `daemon off; master_process off; pid ${home}/pid; error_log stderr crit;`
  await run(t, 'nginx', ['-e', 'stderr', '-p', home, '-c', join(home, 'nginx.conf'), '-g', settings], proxy, home)
}

promises(t, start, skipWithout('nginx'))
