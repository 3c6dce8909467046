import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { count, type Figure, type Row } from '../figure.ts'
import { settingsOf } from '../settings.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const MIB = 1024
const hash = (n: number) => `pbkdf2_sha256$1000000$salt${n}$${'A'.repeat(43)}=`
const tellMemory = "process.once('exit', () => console.error('maxRSS', process.resourceUsage().maxRSS))"

function* csv(users: number) {
  yield 'id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined\n'
  for (let n = 1; n <= users; n++)
    yield `${n},${hash(n)},2026-01-31 12:00:00.5+00,f,person-${n},Ada,Lovelace,person-${n}@example.com,f,t,2020-01-31 12:00:00+00\n`
}

function* fixture(users: number) {
  yield '[{"model":"auth.group","pk":1,"fields":{"name":"editors","permissions":[]}}'
  for (let n = 1; n <= users; n++) {
    const name = { username: `person-${n}`, email: `person-${n}@example.com`, first_name: 'Ada', last_name: 'Lovelace' }
    const flags = { is_superuser: false, is_staff: false, is_active: true, groups: n % 5 === 0 ? [1] : [] }
    const times = { last_login: '2026-01-31T12:00:00.5Z', date_joined: '2020-01-31T12:00:00Z' }
    const fields = { password: hash(n), ...name, ...flags, ...times }
    yield `,\n${JSON.stringify({ model: 'auth.user', pk: n, fields })}`
  }
  yield ']\n'
}

/** How long `postern user import` takes into an empty database, and how much memory. */
export const userImport: Row = async ({ plan, folder }) => {
  const figures: Figure[] = []
  for (const [kind, make] of Object.entries({ CSV: csv, 'a fixture of Django': fixture })) {
    const at = await folder()
    const file = join(at, 'users')
    await pipeline(Readable.from(make(plan.fullStore)), createWriteStream(file))
    const begun = performance.now()
    const preload = `data:text/javascript,${encodeURIComponent(tellMemory)}`
    const env = { PATH: process.env.PATH, ...settingsOf(at) }
    const child = execFile(process.execPath, ['--import', preload, cli, 'user', 'import', file], { env })
    let told = ''
    child.stderr?.on('data', text => {
      told += text
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`the import ended with ${code}: ${told}`)
    const value = (performance.now() - begun) / 1000
    const memory = Number(/maxRSS (\d+)/.exec(told)?.[1]) / MIB
    const label = `Import of ${count(plan.fullStore)} users from ${kind}`
    figures.push(
      { label, measured: `${value.toFixed(1)} s`, value, unit: 's', most: 60, details: { memory } },
      {
        label: `${label}: memory`,
        measured: `${memory.toFixed()} MB`,
        value: memory,
        unit: 'MB',
        most: 300,
        details: {}
      }
    )
  }
  return figures
}
