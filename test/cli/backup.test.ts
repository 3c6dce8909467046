import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/db/backup.ts'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

const send = async (url: string, body: object) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  const text = await answer.text()
  return { status: answer.status, ...((text ? JSON.parse(text) : {}) as { access: string; refresh: string }) }
}
const ada = { username: 'ada', password: 'correct horse' }

/** A data folder with tables and a folder for backups. */
async function deployment(t: Test) {
  const folder = t.testdir({ data: {}, backups: {} })
  const env = inFolder(join(folder, 'data'))
  const file = join(folder, 'backups', 'one.db')
  const run = (...args: string[]) => postern(t, args, { env })
  const migrated = await run('migrate')
  t.equal(migrated.code, 0)
  return { folder, data: join(folder, 'data'), file, run, backups: () => readdirSync(join(folder, 'backups')) }
}

t.test('a backup beside a running server is one private file, and a restore of it brings everything back', async t => {
  const { folder, data, file, run, backups } = await deployment(t)
  const { url, stop } = await serve(t, data)
  await send(`${url}/api/register/`, { ...ada, email: 'ada@example.com' })
  const { access, refresh } = await send(`${url}/api/login/`, ada)
  const before = Date.now()
  const { code, stdout, stderr } = await run('backup', file)
  t.same([code, stderr], [0, ''])
  t.match(stdout, `Backed up ${data}/postern.db to ${file}: `)
  const [, size, asOf] = / to \S+: ([\d.]+) MB, 1 user, as of (\S+Z)\.\n/.exec(stdout) ?? []
  t.equal(size, (statSync(file).size / 1e6).toFixed(1))
  t.ok(Date.parse(asOf ?? '') >= before && Date.parse(asOf ?? '') <= Date.now())
  t.match(stdout, `keep ${data}/secret too, somewhere else.\n`)
  t.same(backups(), ['one.db'], 'nothing is left beside it')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.equal(readFileSync(file).at(18), 1, 'it is no file in WAL mode, so none of the others belongs to it')
  await stop('SIGKILL')

  const restored = join(folder, 'restored')
  mkdirSync(restored, { mode: 0o700 })
  copyFileSync(file, join(restored, 'postern.db'))
  const env = inFolder(restored)
  const orphan = await postern(t, ['doctor'], { env })
  t.equal(orphan.code, 1)
  t.match(orphan.stdout, /^fail .*master secret .* is gone/m)
  copyFileSync(join(data, 'secret'), join(restored, 'secret'))
  t.equal((await postern(t, ['doctor'], { env })).code, 0)
  const again = await serve(t, restored)
  const seen = await fetch(`${again.url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })
  t.equal(seen.status, 200)
  t.equal((await send(`${again.url}/api/refresh/`, { refresh })).status, 200)
})

t.test('what is committed while the copy is made neither delays it for ever nor gets into it', async t => {
  const from = join(t.testdir({}), 'busy.db')
  const writer = new Sqlite(from)
  t.teardown(() => writer.close())
  writer.pragma('journal_mode = WAL')
  writer.exec('CREATE TABLE blobs (content blob)')
  const insert = writer.prepare('INSERT INTO blobs VALUES (randomblob(3000))')
  writer.transaction(() => {
    for (let n = 0; n < 4000; n++) insert.run()
  })()
  const shares: number[] = []
  await copyDatabase(from, `${from}.copy`, Date.now, share => {
    shares.push(share)
    if (shares.length > 50) throw new Error('it begins anew with every commit')
    insert.run()
  })
  t.ok(shares.length > 2)
  t.same(shares, shares.toSorted())
  const copy = new Sqlite(`${from}.copy`)
  t.teardown(() => copy.close())
  t.equal(copy.prepare('SELECT count(*) FROM blobs').pluck().get(), 4000)
})

t.test('a file that exists is kept, unless it is to be replaced; never is the database', async t => {
  const { data, file, run, backups } = await deployment(t)
  writeFileSync(file, 'of yesterday')
  const kept = await run('backup', file)
  t.same([kept.code, kept.stdout], [1, ''])
  t.equal(kept.stderr, `postern: ${file} exists. Name another file, or give --force to replace it.\n`)
  t.equal(readFileSync(file, 'utf8'), 'of yesterday')
  const replaced = await run('backup', file, '--force', '--json')
  t.same([replaced.code, replaced.stderr], [0, ''])
  t.match(JSON.parse(replaced.stdout), {
    file,
    bytes: statSync(file).size,
    users: 0,
    as_of: /^20\S+Z$/,
    seconds: Number,
    not_included: join(data, 'secret')
  })
  const itself = await run('backup', join(data, 'postern.db'), '--force')
  t.match([itself.code, itself.stderr], [1, / is the database itself\. Name another file\.\n$/])
  t.same(backups(), ['one.db'])
})

t.test('why there is no backup is said, and nothing is left of it', async t => {
  const { folder, file, run, backups } = await deployment(t)
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'text'), 'no database at all\n'.repeat(1000))
  new Sqlite(join(folder, 'foreign')).exec('CREATE TABLE songs (title text)').close()
  const of = async (databaseUrl: string, to = file) => {
    const env = { DATABASE_URL: databaseUrl, AUTH_SECRET: 'x'.repeat(32) }
    const { code, stderr } = await postern(t, ['backup', to], { env })
    t.equal(code, 1)
    return stderr
  }
  const answers = await Promise.all([
    run('backup', join(folder, 'nowhere', 'one.db')).then(({ stderr }) => stderr),
    run('backup', join(folder, 'backups')).then(({ stderr }) => stderr),
    of(`sqlite:${folder}/none`),
    of(`sqlite:${folder}/empty`),
    of(`sqlite:${folder}/text`),
    of(`sqlite:${folder}/foreign`),
    of('sqlite::memory:'),
    of('postgres://postern:hidden@127.0.0.1/postern', 'one.dump')
  ])
  const reasons = [
    /The directory \S+\/nowhere does not exist\. Create it\.$/,
    /backups is a directory\. Name a file in it\.$/,
    /There is no database \S+\/none\. Correct DATABASE_URL\.$/,
    /empty is empty: there is nothing to keep yet\.$/,
    /the database is damaged, or is none\. Run: postern doctor\. Nothing was written\.$/,
    /foreign belongs to another program\. Correct DATABASE_URL\.$/,
    /nothing to keep; name a file\.$/,
    /Run: pg_dump --format=custom --file=one\.dump "\$DATABASE_URL"$/
  ]
  for (const [at, reason] of reasons.entries()) t.match(answers[at]?.trimEnd(), reason)
  t.same(backups(), [])
})

t.test('of a damaged database no backup is made, and that of yesterday stays', async t => {
  const { data, file, run, backups } = await deployment(t)
  writeFileSync(file, 'of yesterday')
  const database = join(data, 'postern.db')
  const bytes = readFileSync(database)
  // All pages but the first, which says what the others are.
  for (let at = 8192; at < bytes.length; at += 4096) bytes.fill(0xff, at, at + 64)
  writeFileSync(database, bytes)
  const { code, stdout, stderr } = await run('backup', file, '--force')
  t.same([code, stdout], [1, ''])
  t.match(stderr, /damaged/)
  t.equal(readFileSync(file, 'utf8'), 'of yesterday')
  t.same(backups(), ['one.db'])
})
