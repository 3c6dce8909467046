import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { HEADER, KEY } from '../django/taking-over.ts'
import { build, client } from '../helper.ts'
import { hmac } from '../routes/forgery.ts'
import { csv, csvRow, deployment } from './files.ts'

const YEAR = 365 * 86_400_000

/** A Postern whose only user, ada, was number 7 of Django; it mints what Django would have issued to her. */
async function moved(t: Test) {
  const importing = deployment(t)
  const path = await importing.file('users.csv', csv(csvRow(7, 'ada')))
  await importing.run(path)
  let ahead = 0
  const settings = {
    databaseUrl: importing.env.DATABASE_URL as string,
    authSimplejwtKey: KEY,
    authSimplejwtUntil: '2999-01-01'
  }
  const app = await build(t, settings, { now: () => Date.now() + ahead })
  // The mails wait here; they are written until the service is closed, which is after this.
  t.teardown(() => rm(importing.folder, { recursive: true, force: true }))
  const http = client(app)
  const mint = (more: object = {}) => {
    const exp = (Date.now() + ahead) / 1000 + 3600
    return hmac(HEADER, { token_type: 'refresh', exp, jti: randomBytes(16).toString('hex'), user_id: 7, ...more }, KEY)
  }
  const remove = async () => {
    const headers = { authorization: `Bearer ${(await http.login()).access}` }
    return http.send({ method: 'DELETE', url: '/api/me/', payload: { password: 'correct horse' }, headers })
  }
  const later = (milliseconds: number) => {
    ahead += milliseconds
  }
  return { ...importing, path, app, http, mint, remove, later }
}

t.test('whoever deletes the account does not come back with another import, nor do tokens of Django', async t => {
  const { app, path, run, users, revoked, http, mint, remove, later } = await moved(t)
  const token = mint()
  t.equal((await http.refresh(mint())).statusCode, 200)
  t.equal((await remove()).statusCode, 204)
  const refuses = async () => {
    t.match(await run(path), { code: 0, summary: { imported: 0, unchanged: 0, refused: 0, deleted_here: 1 } })
    t.same(await users(), [])
    for (const one of [token, mint()]) t.equal((await http.refresh(one)).statusCode, 401)
  }
  await refuses()
  t.notMatch(JSON.stringify(await revoked()), /\bada\b|"7"|:7"/, 'what is kept does not say who it was')
  later(900 * YEAR)
  await app.core.housekeeping.sweep()
  await refuses()
})

t.test('an end of all sessions before the deletion changes nothing about that', async t => {
  const { app, path, run, remove } = await moved(t)
  await app.core.sessionControl.revokeAll('ada')
  t.equal((await remove()).statusCode, 204)
  t.match((await run(path)).summary, { imported: 0, deleted_here: 1 })
})

t.test('the name and the address of a deleted account are free for somebody else in the same file', async t => {
  const { file, run, users, remove } = await moved(t)
  await remove()
  const path = await file('more.csv', csv(csvRow(7, 'ada'), csvRow(8, 'Ada')))
  t.match(await run(path, '--dry-run'), { code: 0, summary: { written: false, imported: 1, deleted_here: 1 } })
  t.match(await run(path), { code: 0, summary: { imported: 1, deleted_here: 1 } })
  t.match(await users(), [{ username: 'Ada', legacyId: '8' }])
})

t.test('an end of all sessions alone keeps nobody from anything: the user is still there', async t => {
  const { app, path, run } = await moved(t)
  await app.core.sessionControl.revokeAll('ada')
  t.match((await run(path)).summary, { unchanged: 1, deleted_here: 0 })
})
