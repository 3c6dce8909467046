import { chmodSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/db/open.ts'
import { open, run, unprivileged, withFilesUpTo } from './store.ts'

const refuses = (t: Test, url: string, message: RegExp) =>
  t.rejects(openDatabase(url), { name: 'StoreStartError', message })

t.test('commits are durable and foreign keys in force', async t => {
  const { connection } = await open(t)
  t.equal(connection.pragma('journal_mode', { simple: true }), 'wal')
  t.equal(connection.pragma('synchronous', { simple: true }), 2)
  t.equal(connection.pragma('foreign_keys', { simple: true }), 1)
  t.equal(connection.pragma('journal_size_limit', { simple: true }), 64 * 1024 * 1024)
  t.equal(connection.pragma('busy_timeout', { simple: true }), 10)
})

t.test('a database in memory is ready at once', async t => {
  const db = await openDatabase('sqlite::memory:')
  const { users } = db.tables
  t.same(await db.read(db.prepare('users', q => q.select().from(users))()), [])
  await db.close()
})

t.test('a URL without a store behind it is refused and not repeated', async t => {
  await refuses(t, 'sqlite:', /DATABASE_URL names no database/)
  await refuses(
    t,
    'mysql://u:secret@db',
    /^DATABASE_URL names no database\. Set it to sqlite:PATH or postgres:\/\/USER:PASSWORD@HOST\/DATABASE\.$/
  )
})

t.test('a place where no file can be is named', async t => {
  const folder = t.testdir({ file: '', folder: {} })
  await refuses(t, `sqlite:${folder}/none/p.db`, /\/none\/p\.db: the directory \/.*\/none does not exist\. Create it/)
  await refuses(t, `sqlite:${folder}/file/p.db`, /\/file\/p\.db: \/.*\/file is not a directory/)
  await refuses(t, `sqlite:${folder}/folder`, /\/folder: it is a directory/)
})

t.test('a file that is not a database is refused and left alone', async t => {
  const path = `${t.testdir({ 'notes.txt': 'Buy milk. '.repeat(500) })}/notes.txt`
  await refuses(t, `sqlite:${path}`, /notes\.txt: it is not a SQLite database\. Set DATABASE_URL to another file/)
  t.equal(readFileSync(path, 'utf8'), 'Buy milk. '.repeat(500))
})

t.test('a database that was cut off is refused', async t => {
  const { path, db } = await open(t)
  await db.close()
  truncateSync(path, 20_000)
  await refuses(t, `sqlite:${path}`, /postern\.db: it is damaged\. .* restore the last backup/)
})

t.test('the database of another program is refused and left alone', async t => {
  const path = `${t.testdir({})}/shop.db`
  const shop = new Sqlite(path)
  shop.exec('CREATE TABLE users (name text)')
  await refuses(t, `sqlite:${path}`, /shop\.db up to date: table `users` already exists\. Nothing was changed/)
  t.same(shop.prepare('SELECT name FROM sqlite_schema').pluck().all(), ['users'])
  shop.close()
})

t.test('a start waits for a process that holds the lock', async t => {
  const { path, db } = await open(t)
  await db.close()
  await run(t, ['hold', path, '1000']).line()
  const began = performance.now()
  await (await openDatabase(`sqlite:${path}`)).close()
  t.ok(performance.now() - began > 500)
})

t.test('a directory where the user may not write is named', async t => {
  const folder = t.testdir({})
  chmodSync(folder, 0o555)
  const answer = await run(t, ['start', `${folder}/p.db`], unprivileged).line()
  t.match(answer, /\/p\.db: it cannot be opened or created\. Let the user .* write to the directory \//)
  t.notOk(existsSync(`${folder}/p.db`))
})

for (const mode of ['wal', 'delete'])
  t.test(`a file in mode ${mode} that the user may not write is refused at the start, not at a login`, async t => {
    const { path, db } = await open(t)
    await db.close()
    const other = new Sqlite(path)
    other.pragma(`journal_mode = ${mode}`)
    other.close()
    chmodSync(path, 0o444)
    chmodSync(dirname(path), 0o777)
    t.match(await run(t, ['start', path], unprivileged).line(), /postern\.db: it is read-only\. Let the user/)
    chmodSync(path, 0o666)
    t.equal(await run(t, ['start', path], unprivileged).line(), 'ready')
  })

t.test('a log file that belongs to somebody else is refused at the start', async t => {
  const { path } = await open(t)
  chmodSync(path, 0o666)
  chmodSync(dirname(path), 0o777)
  for (const side of ['-wal', '-shm']) chmodSync(path + side, 0o444)
  t.match(
    await run(t, ['start', path], unprivileged).line(),
    /postern\.db: it is read-only\. .* its -wal and -shm files/
  )
})

t.test('a full disk at the first start leaves nothing half made', async t => {
  const path = `${t.testdir({})}/postern.db`
  const answer = await run(t, ['start', path], withFilesUpTo(20)).line()
  t.match(answer, /postern\.db: its disk (is full|reports an input\/output error)\. /)
  t.equal(await run(t, ['start', path]).line(), 'ready')
})

t.test('an empty file becomes a database', async t => {
  const path = `${t.testdir({})}/postern.db`
  writeFileSync(path, '')
  t.same(await (await open(t, path)).jtis(), [])
})
