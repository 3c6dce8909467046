import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { StartProxy } from './bench.ts'
import { run, skipWithout } from './process.ts'
import { promises } from './promises.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'caddy', 'Caddyfile')

const start: StartProxy = async (t, { proxy, postern, application }) => {
  const home = t.testdir()
  const config = join(home, 'Caddyfile')
  const text = (await readFile(example, 'utf8'))
    .replaceAll('127.0.0.1:8000', `127.0.0.1:${postern}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${application}`)
    .replace('http://app.example.com {', `http://app.example.com:${proxy} {\n\tbind 127.0.0.1`)
  await writeFile(config, text)
  await run(t, 'caddy', ['run', '--config', config, '--adapter', 'caddyfile'], proxy, home)
}

promises(t, start, skipWithout('caddy'))
