import { readdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { csv, csvRow } from '../import/files.ts'
import { asSuperuser, postgresDatabase, postgresServer } from '../own-database.ts'
import { ownServer, skip } from '../postgres/server.ts'
import { serve } from '../process.ts'
import { postern } from './process.ts'

t.setTimeout(120_000)

t.test('every command works on Postgres, beside a server that serves', { skip, timeout: 110_000 }, async t => {
  const url = await postgresDatabase(t, postgresServer ?? (await ownServer(t, [])).url, { empty: true })
  const folder = t.testdir({})
  const env = { DATABASE_URL: url, DATA_DIR: folder, AUTH_SECRET: 'a master secret that only tests have' }
  const run = async (args: string[], input?: string) => {
    const { code, stdout, stderr } = await postern(t, args, { env, input })
    t.equal(stderr, '', args.join(' '))
    return { code, stdout }
  }
  const place = new URL(url)
  const nothing = await postern(t, ['audit', 'verify'], { env })
  t.match(nothing, {
    code: 1,
    stderr: /^postern: DATABASE_URL: the database has no tables of Postern, so there is nothing/
  })
  t.same(await run(['migrate']), {
    code: 0,
    stdout: `postgres://${place.host}${place.pathname}: 2 migrations applied\n`
  })

  const server = await serve(t, folder, env)
  await run(['user', 'create', '--username', 'ada', '--role', 'admin'], 'correct horse battery')
  const login = () =>
    fetch(`${server.url}/api/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'ada', password: 'correct horse battery' })
    })
  t.equal((await login()).status, 200)
  writeFileSync(`${folder}/users.csv`, csv(csvRow(1, 'grace'), csvRow(2, 'eve')))
  t.match(await run(['user', 'import', `${folder}/users.csv`]), { code: 0, stdout: /^Imported {2}2\n/ })
  t.match(await run(['session', 'revoke-all', 'ada']), { stdout: 'Ended 1 session of ada.\n' })
  t.match(await run(['user', 'disable', 'ada']), { code: 0 })
  t.equal((await login()).status, 401)
  t.equal((await run(['user', 'list'])).stdout.trimEnd().split('\n').length, 4)
  t.match(await run(['keys', 'rotate', '--force']), { code: 0, stdout: / retired .*\n.* current .*\n.* next /s })
  t.match(await run(['audit', 'list', '--user', 'ada', '--event', 'user_updated']), { stdout: /"actor":"cli:/ })

  const doctor = await run(['doctor'])
  t.equal(doctor.code, 0)
  t.notMatch(doctor.stdout, /^(warn|fail) {2}(?!the disk|PUBLIC_URL|the data folder)/m)
  for (const line of [
    /answers, PostgreSQL \d+/,
    /the server gives this user \d+ connections, and an instance takes up to 11/,
    /the clock is that of the database server/,
    /the user of DATABASE_URL has the rights/,
    /the tables are up to date/,
    /2 imported users have not logged in yet/,
    /the master secret opens all 3 signing keys/,
    /mails that wait to be sent: 0/
  ])
    t.match(doctor.stdout, new RegExp(`^ok {4}.*${line.source}`, 'm'))
  const crowded = await postern(t, ['doctor'], { env: { ...env, DATABASE_POOL: '1000' } })
  t.match(crowded, { code: 1, stdout: /^fail {2}the server gives this user \d+ connections, .* Lower DATABASE_POOL/m })

  t.match(await run(['audit', 'verify']), { code: 0, stdout: /^Intact: [1-9]\d* rows, / })
  await asSuperuser(url, client =>
    client.query(`UPDATE audit_events SET ip = '192.0.2.1' WHERE event = 'user_updated'`)
  )
  t.match(await run(['audit', 'verify']), { code: 1, stdout: /^TAMPERED: this row was changed or inserted \(row / })
  t.same(readdirSync(folder).sort(), ['users.csv'], 'no file is made for the database or the secret')
})
