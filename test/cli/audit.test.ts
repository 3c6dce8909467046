import { userInfo } from 'node:os'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { csv, csvRow, deployment } from '../import/files.ts'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

const actor = `cli:${userInfo().username}`

t.test('what a command does is on record with who ran it, and can be listed', async t => {
  const { env, file, run } = deployment(t)
  await run(await file('users.csv', csv(csvRow(1, 'ada'), csvRow(2, 'eve'))))
  await postern(t, ['client', 'create', 'reports'], { env })
  const list = async (...args: string[]) => {
    const { code, stdout, stderr } = await postern(t, ['audit', 'list', '--json', ...args], { env })
    t.same([code, stderr], [0, ''])
    return stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  }
  const [some, table] = await Promise.all([
    list('--event', 'user_imported', '--since', '2026-01-01'),
    postern(t, ['audit', 'list'], { env })
  ])
  t.match(some, [{ event: 'user_imported', user_id: null, ip: null, detail: { users: 2, actor } }])
  t.equal(some.length, 1)
  const [head, first, second, ...rest] = table.stdout.trimEnd().split('\n')
  t.match(head, /^AT +EVENT +USER +IP +DETAIL$/)
  t.match(first, /^\d{4}-\S+Z +client_created +- +- +\{/)
  t.ok(first?.includes(`"actor":"${actor}"`))
  t.match(second, /^\S+ +user_imported /)
  t.same(rest, [])
})

t.test('the trail is verified beside a running server, with the secret and with the public key', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  const { url } = await serve(t, folder)
  const account = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }
  const headers = { 'content-type': 'application/json' }
  await fetch(`${url}/api/register/`, { method: 'POST', headers, body: JSON.stringify(account) })
  const verify = async (...args: string[]) => await postern(t, ['audit', 'verify', ...args], { env })
  const [good, json] = await Promise.all([verify(), verify('--json')])
  t.match(good, {
    code: 0,
    stderr: '',
    stdout: /^Intact: 1 rows, 0 seals, 1 rows not sealed yet\.\nkey {3}[\da-f]{64}\n$/
  })
  const { key, ...rest } = JSON.parse(json.stdout)
  t.same(rest, { intact: true, rows: 1, seals: 0, unsealed: 1, sealed_at: null, head: null, tampering: null })

  const sqlite = new Sqlite(`${folder}/postern.db`)
  sqlite.exec(`UPDATE audit_events SET ip = '192.0.2.1'`)
  sqlite.close()
  const [bad, byKey] = await Promise.all([verify(), verify('--json', '--key', key)])
  for (const { code, stderr } of [bad, byKey]) t.same([code, stderr], [1, ''])
  t.match(bad.stdout, /^TAMPERED: this row was changed or inserted \(row [\da-f-]{36}, \d{4}-\S+Z\)\.\n/)
  t.match(JSON.parse(byKey.stdout), { intact: false, key, tampering: { what: /changed/, id: String, at: String } })
})

t.test('what cannot be verified or listed is named', async t => {
  const folder = t.testdir({ empty: {}, other: {} })
  const env = inFolder(`${folder}/empty`)
  const [nothing, key, event, since] = await Promise.all([
    postern(t, ['audit', 'verify'], { env }),
    postern(t, ['audit', 'verify', '--key', 'x'], { env }),
    postern(t, ['audit', 'list', '--event', 'x'], { env: inFolder(`${folder}/other`) }),
    postern(t, ['audit', 'list', '--since', 'x'], { env })
  ])
  t.match(nothing, { code: 1, stderr: /^postern: DATABASE_URL: there is no file .+postern\.db, so/ })
  t.match(key, { code: 2, stderr: /^postern: --key: a public key is needed/ })
  t.match(event, { code: 2, stderr: /^postern: --event: there is no event "x"\. Events: authn_login_success, / })
  t.match(since, { code: 2, stderr: /^postern: --since: a time is needed/ })
})
