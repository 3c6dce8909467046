import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'
import { client } from '../helper.ts'
import { authSecret, encode, es256, stolenKeys } from '../routes/forgery.ts'
import { oauthClient, registered } from '../routes/oauth-client.ts'
import { listening, type Postern } from '../verify/postern.ts'
import { skipWithoutDjango } from './server.ts'
import { alter, read } from './taking-over.ts'

const PYTHON = '/usr/bin/python3'
const project = join(import.meta.dirname, '../../examples/django')
const USERS = `
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create(id=7, username="ada")
User.objects.create(id=8, username="grace")
`

type Who = 'imported' | 'username' | 'stateless'

/** The example over a database of its own, with the users 7, ada, and 8, grace; gives who the bearer of a token is there. */
async function example(t: Test, { url }: Postern, folder: string, who: Who) {
  const port = await freePort()
  const DATABASE = join(folder, `${who}.sqlite3`)
  const env = { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1', POSTERN_URL: url, WHO: who, DATABASE }
  const options = { cwd: project, env }
  if (who !== 'stateless') t.equal(spawnSync(PYTHON, ['manage.py', 'shell', '-c', USERS], options).status, 0)
  const server = spawn(PYTHON, ['manage.py', 'runserver', '--noreload', `${port}`], { ...options, stdio: 'ignore' })
  const ended = once(server, 'close')
  t.teardown(async () => {
    server.kill()
    await ended
  })
  const get = (path: string, token?: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
    })
  while (!(await get('/me/').catch(() => undefined))) {
    if (server.exitCode !== null) throw new Error('the example ended')
    await sleep(50)
  }
  return get
}

/** A Postern with ada, who was imported as number 7, and grace, who was not; and all that is no good token. */
async function world(t: Test) {
  const postern = await listening(t, { authSecret })
  const { app, clock } = postern
  const http = client(app)
  await alter(app, { legacyId: '7', roles: ['editor'] })
  await http.register('grace')
  // Python reads the clock of the system.
  clock.advance(Date.now() - 600_000 - clock.now())
  const expired = (await http.login()).access
  clock.advance(600_000)
  const { access, refresh } = await http.login()
  const { access: key } = await stolenKeys(app)
  const [header = '', , signature] = access.split('.')
  const refused = {
    expired,
    refresh,
    'for another audience': es256(
      JSON.parse(Buffer.from(header, 'base64url').toString()),
      { ...read(access), aud: 'https://elsewhere.example.com' },
      key
    ),
    tampered: `${header}.${encode({ ...read(access), username: 'grace', user_id: '8', sub: 'root' })}.${signature}`,
    garbage: 'x'
  }
  const machine = await oauthClient(app, await registered(app)).machine()
  return { postern, http, ada: { access, refresh }, grace: await http.login('grace'), machine, refused }
}

/** Status, and on success the answer. */
type Verdict = [status: number, me?: object]
const EXPECTED: Record<Who, (sub: string) => Record<'ada' | 'grace' | 'machine', Verdict>> = {
  imported: () => ({ ada: [200, { id: 7, username: 'ada', roles: ['editor'] }], grace: [401], machine: [401] }),
  username: () => ({
    ada: [200, { id: 7, username: 'ada' }],
    grace: [200, { id: 8, username: 'grace' }],
    machine: [401]
  }),
  stateless: sub => ({ ada: [200, { username: 'ada' }], grace: [200, { id: sub, username: 'grace' }], machine: [403] })
}

t.test('a DRF service accepts tokens of Postern by settings alone', { skip: skipWithoutDjango }, async t => {
  const { postern, http, ada, grace, machine, refused } = await world(t)
  const folder = t.testdir()
  const servers = await Promise.all(
    (Object.keys(EXPECTED) as Who[]).map(async who => ({ who, get: await example(t, postern, folder, who) }))
  )
  for (const { who, get } of servers) {
    const tokens = { ada: ada.access, grace: grace.access, machine }
    for (const [name, [status, me]] of Object.entries(EXPECTED[who](read(grace.access).sub))) {
      const answer = await get('/me/', tokens[name as keyof typeof tokens])
      t.equal(answer.status, status, `${who}: ${name}`)
      if (me) t.match(await answer.json(), me, `${who}: ${name}`)
    }
    for (const [what, token] of Object.entries(refused))
      t.equal((await get('/me/', token)).status, 401, `${who}: ${what}`)
    t.equal((await get('/me/')).status, 401, `${who}: no token`)
    t.equal((await get('/reports/', ada.access)).status, 200, `${who}: a role`)
    t.not((await get('/reports/', grace.access)).status, 200, `${who}: no role`)
  }
  await http.logout(ada.refresh)
  for (const { who, get } of servers)
    t.equal((await get('/me/', ada.access)).status, 200, `${who}: logged out, but not expired yet`)
})
