import t from 'tap'
import { openDatabase } from '../../src/db/open.ts'
import { serve } from '../process.ts'
import { read } from '../routes/answers.ts'
import { inFolder, postern } from './process.ts'

t.test("a user's sessions are revoked beside a running server, which refuses them within a second", async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  const { url } = await serve(t, folder)
  const send = (path: string, body: object) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const enter = async (username: string) =>
    (await (await send('/api/login/', { username, password: 'correct horse' })).json()) as Record<string, string>
  const see = async ({ access }: Record<string, string>) =>
    (await fetch(`${url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })).status
  for (const name of ['ada', 'eve'])
    await send('/api/register/', { username: name, email: `${name}@example.com`, password: 'correct horse' })
  const [first, second, eve] = [await enter('ada'), await enter('ada'), await enter('eve')]
  const { sub: id } = read(first.access ?? '').claims
  for (const pair of [first, second, eve]) t.equal(await see(pair), 200)

  const revoked = await postern(t, ['session', 'revoke-all', 'ADA'], { env })
  t.same(revoked, { code: 0, stdout: 'Ended 2 sessions of ada.\n', stderr: '' })
  const at = performance.now()
  while ((await see(first)) !== 401 && performance.now() - at < 1000);
  for (const pair of [first, second]) {
    t.equal(await see(pair), 401)
    t.equal((await send('/api/refresh/', { refresh: pair.refresh })).status, 401)
  }
  t.equal(await see(eve), 200, 'nobody else is touched')

  const third = await enter('ada')
  const byAddress = await postern(t, ['session', 'revoke-all', 'Ada@Example.com'], { env })
  t.equal(byAddress.stdout, 'Ended 1 session of ada.\n')
  t.equal((await send('/api/refresh/', { refresh: third.refresh })).status, 401)
  const none = await postern(t, ['session', 'revoke-all', 'ada'], { env })
  t.same(none, { code: 0, stdout: 'Ended 0 sessions of ada.\n', stderr: '' })

  const db = await openDatabase(env.DATABASE_URL as string)
  const all = db.prepare('test_audit', q => q.select().from(db.tables.auditEvents).orderBy(db.tables.auditEvents.id))
  const ended = (await db.read(all())).filter(({ event }) => event === 'session_expired')
  await db.close()
  t.match(ended, [
    { userId: id, sessionId: null, ip: null, detail: { reason: 'admin', sessions: 2 } },
    { userId: id, detail: { reason: 'admin', sessions: 1 } }
  ])
  t.equal(ended.length, 2, 'where nothing ended, nothing is on record')
})

t.test('a user that does not exist is named, and the exit code is 1', async t => {
  const revoked = await postern(t, ['session', 'revoke-all', 'nobody'], { env: inFolder(t.testdir({})) })
  t.same(revoked, { code: 1, stdout: '', stderr: 'postern: There is no user "nobody".\n' })
})

t.test('exactly one user is wanted', async t => {
  const [none, two, option, help, all] = await Promise.all([
    postern(t, ['session', 'revoke-all']),
    postern(t, ['session', 'revoke-all', 'ada', 'eve']),
    postern(t, ['session', 'revoke-all', '--user', 'ada']),
    postern(t, ['session', 'revoke-all', '--help']),
    postern(t, ['--help'])
  ])
  for (const { code, stdout, stderr } of [none, two])
    t.same([code, stdout, stderr], [2, '', 'postern: session revoke-all: one USER is needed\n'])
  t.equal(option.code, 2)
  t.match(option.stderr, /^postern: session revoke-all: Unknown option '--user'\. Options: --help\n$/)
  t.same([help.code, help.stderr], [0, ''])
  t.match(help.stdout, /^Usage: postern session revoke-all USER\n\nEnd every session of a user\.\n/)
  t.match(all.stdout, /^ {2}session revoke-all +End every session of a user$/m)
})
