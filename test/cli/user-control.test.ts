import t from 'tap'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

interface Login {
  access: string
  refresh: string
  code?: string
}

const password = 'correct horse battery'

t.test('a user who is disabled beside a running server is out at once, and back when enabled', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder, { PUBLIC_URL: 'http://auth.test' })
  const { url } = await serve(t, folder)
  const run = (...args: string[]) => postern(t, ['user', ...args], { env, input: `${password}\n` })
  await run('create', '--username', 'ada', '--email', 'ada@example.com', '--role', 'editor')
  const post = (path: string, body: object) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const login = async () => (await post('/api/login/', { username: 'ada', password })).json() as Promise<Login>
  const see = (access: string) => fetch(`${url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })
  const { access, refresh } = await login()
  t.equal((await see(access)).status, 200)

  const disabled = await run('disable', 'ADA@example.com')
  t.same([disabled.code, disabled.stdout], [0, 'Disabled ada.\n'])
  t.equal((await post('/api/refresh/', { refresh })).status, 401)
  t.equal((await login()).code, 'no_active_account')
  while ((await see(access)).status === 200) await new Promise(resolve => setTimeout(resolve, 50))

  t.equal((await run('enable', 'ada')).stdout, 'Enabled ada.\n')
  t.equal((await see(access)).status, 401, 'what was ended stays so')
  const again = await login()
  t.equal(((await (await see(again.access)).json()) as { user: { roles: string[] } }).user.roles.join(), 'editor')
})

t.test('roles are replaced, and a token says so from its next refresh on', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder, { PUBLIC_URL: 'http://auth.test' })
  const run = (...args: string[]) => postern(t, ['user', ...args], { env, input: `${password}\n` })
  await run('create', '--username', 'ada', '--role', 'editor')
  t.equal((await run('set-role', 'ada', '--role', 'admin', '--role', 'ops')).stdout, 'ada has admin, ops.\n')
  t.same(JSON.parse((await run('set-role', 'ada', '--json')).stdout).roles, [])
  const wrong = await run('set-role', 'ada', '--role', 'a,b')
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /roles: Must be letters/)
  for (const command of ['disable', 'enable', 'set-role']) {
    const nobody = await run(command, 'nobody')
    t.equal(nobody.code, 1)
    t.match(nobody.stderr, 'There is no user "nobody".')
  }
  const trail = await postern(t, ['audit', 'list', '--event', 'authz_change', '--json'], { env })
  t.match(JSON.parse(trail.stdout.split('\n')[0] as string), { detail: { before: ['admin', 'ops'], roles: [] } })
})
