import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { build, client } from './helper.ts'

/** A service whose database another process can hold on to. */
async function lockable(test: Test) {
  const file = join(test.testdir(), 'postern.db')
  const app = await build(test, { databaseUrl: `sqlite:${file}` })
  const http = client(app)
  await http.register()
  const other = new Sqlite(file)
  test.teardown(() => other.close())
  return { app, http, tokens: await http.login(), other }
}

t.test('while another process holds the database, writes say 503 and checks go on', async t => {
  const { http, tokens, other } = await lockable(t)
  other.exec('BEGIN IMMEDIATE')
  const [refresh, logout, register, opened] = await Promise.all([
    http.refresh(tokens.refresh),
    http.logout(tokens.refresh),
    http.register('bob'),
    http.protected(tokens.access)
  ])
  for (const answer of [refresh, logout, register]) {
    t.equal(answer.statusCode, 503)
    t.equal(answer.json().code, 'unavailable')
    t.match(answer.headers['retry-after'], /^\d+$/)
  }
  t.equal(opened.statusCode, 200)
  other.exec('ROLLBACK')
  t.equal((await http.protected(tokens.access)).statusCode, 200, 'the logout was not half done')
  t.equal((await http.refresh(tokens.refresh)).statusCode, 200, 'a retry is safe')
  t.equal((await http.register('bob')).statusCode, 201)
})

t.test('a lock that is let go in time is not noticed', async t => {
  const { http, tokens, other } = await lockable(t)
  other.exec('BEGIN IMMEDIATE')
  setTimeout(() => other.exec('ROLLBACK'), 500)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 200)
})

t.test('readiness fails when the store is gone, liveness does not', async t => {
  const { app, http } = await lockable(t)
  t.equal((await http.get('/health/ready')).statusCode, 200)
  await app.database.close()
  const ready = await http.get('/health/ready')
  t.equal(ready.statusCode, 503)
  t.equal(ready.json().code, 'unavailable')
  t.equal((await http.get('/health/live')).statusCode, 200)
})

t.test('with the store gone nobody gets in', async t => {
  const { app, http, tokens } = await lockable(t)
  t.equal((await http.protected(tokens.access)).statusCode, 200, 'its signature is remembered')
  await app.database.close()
  t.equal((await http.protected(tokens.access)).statusCode, 503)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 503)
  t.equal((await http.post('/api/verify/', { token: tokens.access })).statusCode, 503)
  t.equal((await http.post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 503)
})
