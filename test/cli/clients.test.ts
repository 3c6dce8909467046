import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

const UUID = /^[0-9a-f-]{36}$/
const SECRET = /^[\w-]{43}$/

t.test('a client that is registered beside a running server works at once, until it is deleted', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  const { url } = await serve(t, folder)
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await postern(t, ['client', ...args], { env })
    t.same([code, stderr], [0, ''], args.join(' '))
    return stdout
  }
  const token = async (id: string, secret: string) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
    const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }

  const scopes = ['--scope', 'reports:read', '--scope', 'reports:write']
  const created = JSON.parse(await run('create', 'Nightly reports', ...scopes, '--json'))
  t.match(created, { client_id: UUID, client_secret: SECRET, name: 'Nightly reports' })
  t.same(created.scopes, ['reports:read', 'reports:write'])
  const { client_id: id, client_secret: secret } = created

  const first = await token(id, secret)
  t.match(first, { status: 200, body: { scope: 'reports:read reports:write' } })
  const keys = createLocalJWKSet((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as never)
  const { payload } = await jwtVerify(first.body.access_token ?? '', keys, {
    issuer: 'http://auth.test',
    typ: 'at+jwt'
  })
  t.equal(payload.sub, id)

  const table = await run('list')
  t.match(
    table,
    new RegExp(`^ID +NAME +CREATED +SCOPES\\n${id}  Nightly reports +20\\S+Z +reports:read reports:write\\n$`)
  )
  const listed = JSON.parse(await run('list', '--json'))
  t.match(listed, { client_id: id, name: 'Nightly reports', created_at: /Z$/ })
  t.notMatch(table + JSON.stringify(listed), /secret/i)

  const [, again, renewed = ''] =
    /^client_id {6}(\S+)\nclient_secret {2}(\S+)\n$/.exec(await run('rotate-secret', id)) ?? []
  t.equal(again, id)
  t.match(renewed, SECRET)
  t.match(await token(id, secret), { status: 401, body: { error: 'invalid_client' } })
  t.equal((await token(id, renewed)).status, 200)

  t.equal(await run('delete', id), `Deleted Nightly reports, id ${id}.\n`)
  t.match(await token(id, renewed), { status: 401, body: { error: 'invalid_client' } })
  t.equal(await run('list'), 'ID                                    NAME                  CREATED            SCOPES\n')
})

t.test('a client that does not fit, or is not there, is refused with one message', async t => {
  const env = inFolder(t.testdir({}))
  const misfit = 'postern: The request does not fit; see errors.'
  const cases: Array<[args: string[], code: number, message: string | RegExp]> = [
    [['create'], 2, 'postern: client create: one NAME is needed\n'],
    [['create', 'a', 'b'], 2, 'postern: client create: one NAME is needed\n'],
    [
      ['create', 'a', '--scopes', 'b'],
      2,
      /^postern: client create: Unknown option '--scopes'.*--scope, --json, --help\n$/s
    ],
    [['create', ' '], 1, `${misfit}\n  name: Must be 1 to 100 printable characters.\n`],
    [['create', 'a\u001b[2J'], 1, `${misfit}\n  name: Must be 1 to 100 printable characters.\n`],
    [
      ['create', 'a', '--scope', 'one two'],
      1,
      `${misfit}\n  scope: Must be 1 to 100 printable ASCII characters without space, quote and backslash.\n`
    ],
    [['delete', 'x'], 1, 'postern: There is no client x.\n'],
    [['rotate-secret', 'x'], 1, 'postern: There is no client x.\n'],
    [['delete'], 2, 'postern: client delete: one ID is needed\n'],
    [
      ['revoke', 'x'],
      2,
      'postern: there is no command "client revoke". Commands: client create, client list, client rotate-secret, client delete\n'
    ]
  ]
  await Promise.all(
    cases.map(async ([args, code, message]) => {
      const result = await postern(t, ['client', ...args], { env })
      t.same([result.code, result.stdout], [code, ''], args.join(' '))
      if (typeof message === 'string') t.equal(result.stderr, message)
      else t.match(result.stderr, message)
    })
  )
  const help = await postern(t, ['client', 'create', '--help'])
  t.match(help.stdout, /^Usage: postern client create NAME \[OPTIONS]\n/)
})
