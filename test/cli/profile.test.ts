import t from 'tap'
import { inFolder, postern } from './process.ts'

t.test('the command line writes own fields, also those that are readOnly for users', async t => {
  const plan = { type: 'string', enum: ['free', 'pro'], default: 'free', readOnly: true }
  const schema = { type: 'object', required: ['team'], properties: { team: { type: 'string' }, plan } }
  const folder = t.testdir({ 'profile.json': JSON.stringify(schema) })
  const env = inFolder(folder, { AUTH_PROFILE_SCHEMA: `${folder}/profile.json` })
  const input = 'correct horse battery\n'
  const create = (...options: string[]) =>
    postern(t, ['user', 'create', '--username', 'ada', '--json', ...options], { env, input })
  const missing = await create()
  t.same([missing.code, missing.stdout], [1, ''])
  t.match(missing.stderr, /^ {2}team: This field is required\.$/m)
  const created = await create('--profile', '{"team": "red", "plan": "pro"}')
  t.same([created.code, created.stderr], [0, ''])
  t.same(JSON.parse(created.stdout).profile, { team: 'red', plan: 'pro' })

  const set = (...args: string[]) => postern(t, ['user', 'set-profile', ...args], { env })
  const [changed, wrong, nobody, list] = await Promise.all([
    set('ADA', '--profile', '{"plan": null}'),
    set('ada', '--profile', '{"plan": "gold", "roles": ["admin"], "team": null}'),
    set('eve', '--profile', '{"plan": "pro"}'),
    set('ada', '--profile', '["pro"]')
  ])
  t.same([changed.code, changed.stdout], [0, 'Changed ada: {"team":"red"}\n'])
  t.equal(wrong.code, 1)
  for (const field of ['plan', 'roles', 'team']) t.match(wrong.stderr, new RegExp(`^  ${field}: `, 'm'))
  t.match([nobody.code, nobody.stderr], [1, 'postern: There is no user "eve".\n'])
  t.match([list.code, list.stderr], [2, /^postern: --profile: a JSON object is needed, such as \{"plan": "pro"\}/])
})
