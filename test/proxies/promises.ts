import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { Test } from 'tap'
import { client } from '../helper.ts'
import { type Bench, bench, type StartProxy, USER } from './bench.ts'
import { AMBIGUOUS, opensPrivate, SPELLINGS, TRICKS } from './tricks.ts'
import { canonicalName, type Seen, valuesOf } from './upstream.ts'

const IDENTITY = ['remote-user', 'remote-email', 'remote-groups', 'x-auth-user-id', 'x-auth-session-id']

const identityOf = (seen: Seen | undefined) =>
  Object.fromEntries(IDENTITY.map(name => [name, seen ? valuesOf(seen, name) : undefined]))

/** What every example promises, whatever the proxy. */
export function promises(t: Test, startProxy: StartProxy, skip: string | false): void {
  t.test('a proxy in front of an application', { skip }, async t => {
    const parts = await bench(t, startProxy)
    await t.test('asks Postern and passes on what it says of the user', t => passes(t, parts))
    await t.test('gives nothing that a client says of itself to the application', t => strips(t, parts))
    await t.test('opens nothing to a path that is written otherwise', t => judgesPaths(t, parts))
    await t.test('refuses a token from the moment on when it is revoked', t => revokes(t, parts))
    await t.test('lets nobody in without an answer of Postern', t => failsClosed(t, parts))
  })
}

async function passes(t: Test, { app, send, login }: Bench) {
  const { access } = await login()
  const user = await app.core.users.findByUsername(USER.username)
  const sid = JSON.parse(Buffer.from(`${access.split('.')[1]}`, 'base64url').toString()).sid
  const expected = {
    'remote-user': ['%C3%BCmit%E5%90%8D%E5%89%8D'],
    'remote-email': [USER.email],
    'remote-groups': ['staff'],
    'x-auth-user-id': [user?.id],
    'x-auth-session-id': [sid]
  }
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const { status, seen } = await send({ method, path: '/private/x?a=b%2Fc', token: access })
    t.match({ status, seen }, { status: 200, seen: { method, url: '/private/x?a=b%2Fc' } })
    t.same(identityOf(seen), expected)
    t.same(seen && valuesOf(seen, 'authorization'), [], 'the token stays here')
  }
  const posted = await send({ method: 'POST', path: '/private/x', token: access, body: 'the whole body' })
  t.match(posted, { status: 200, seen: { method: 'POST', body: 'the whole body' } })

  const open = await send({ path: '/public/x' })
  t.match(open, { status: 200, seen: { url: '/public/x' } })
  const nobody = await send({ path: '/private/x' })
  t.match(nobody, { status: 401, seen: undefined })
  t.match(nobody.headers, /^www-authenticate: Bearer/im)
  t.match(nobody.headers, /^content-type: application\/problem\+json/im)
  t.match(await send({ path: '/private/x', token: `${access.slice(0, -4)}AAAA` }), { status: 401, seen: undefined })

  for (const path of ['/admin/x', '/admin', '/ADMIN/x', '/%61dmin/x', '/admin/x?role=staff', '/admin?role=staff']) {
    t.match(await send({ path, token: access }), { status: 403, seen: undefined }, path)
    t.match(await send({ path }), { status: 401, seen: undefined }, path)
  }
  const root = { username: 'root', email: null, password: 'correct horse', roles: ['staff', 'admin'] }
  await app.core.registration.create(root)
  const { access: admin } = await client(app).login(root.username, root.password)
  const { status, seen } = await send({ path: '/admin/x', token: admin })
  t.equal(status, 200)
  t.match(identityOf(seen), { 'remote-user': ['root'], 'remote-groups': ['staff,admin'] })
  t.notOk(seen && valuesOf(seen, 'remote-email').join(), 'nothing, as there is no address')
}

async function strips(t: Test, { send, login }: Bench) {
  const { access: token } = await login()
  const path = '/private/x'
  const honest = identityOf((await send({ path, token })).seen)
  const headers = SPELLINGS.map(name => `${name}: root`)
  // A proxy may refuse the request instead.
  const judge = ({ status, seen }: Awaited<ReturnType<typeof send>>, about: string, expected: object) => {
    if (!seen) return t.equal(status, 400, about)
    t.notOk(seen.rawHeaders.includes('root'), about)
    t.same(identityOf(seen), expected, about)
    const known = seen.rawHeaders.filter((_, at) => at % 2 === 0).map(canonicalName)
    return t.same(new Set(known).size, known.length, 'no header twice')
  }
  const none = Object.fromEntries(IDENTITY.map(name => [name, []]))
  t.ok((await send({ path, token, headers })).seen, 'a request that only lies is let through, without the lies')
  judge(await send({ path, token, headers }), 'in every spelling', honest)
  judge(await send({ path: '/public/x', token, headers }), 'on an open path', none)
  for (const name of [...IDENTITY, 'Authorization']) {
    const connection = `close, ${name}`
    judge(await send({ path, token, connection }), connection, honest)
    judge(await send({ path, token, connection, headers }), connection, honest)
    judge(await send({ path: '/public/x', connection, headers }), connection, none)
    judge(await send({ path, token, headers: [`Connection: ${name}`, ...headers] }), 'in a second line', honest)
  }
  for (const header of [
    'Remote-User : root',
    ' Remote-User: root',
    'Remote-User:\troot',
    'X: y\r\n Remote-User: root'
  ]) {
    const { seen } = await send({ path, token, headers: [header] })
    if (seen) t.same(identityOf(seen), honest, JSON.stringify(header))
  }
  const twice = await send({ path, token, headers: ['Authorization: Bearer x'] })
  t.equal(twice.seen, undefined, 'of two tokens neither counts')
  t.match(twice.status, /^40[01]$/)
}

async function judgesPaths(t: Test, { send, login }: Bench) {
  const { access: token } = await login()
  for (const path of [...TRICKS, ...AMBIGUOUS]) {
    const { status, seen } = await send({ path })
    if (seen) t.notOk(opensPrivate(seen.url), `${path} came through as ${seen.url}`)
    else t.match(status, /^[34]/, path)
  }
  for (const path of AMBIGUOUS) t.match(await send({ path, token }), { seen: undefined, status: 400 }, path)
  for (const path of ['/private/x', '/a.b/..c/d..e', '/%C3%BC', '/private/x?u=//a/../b%2F;c'])
    t.match(await send({ path, token }), { status: 200, seen: { url: path } }, path)
  // The whole URL in the request line, as for a proxy.
  const absolute = await send({ path: 'http://app.example.com/private/x' })
  t.match(absolute, { seen: undefined, status: /^4/ })
}

async function revokes(t: Test, { app, send, login }: Bench) {
  const { access: token, refresh } = await login()
  const path = '/private/x'
  t.equal((await send({ path, token })).status, 200)
  await client(app).logout(refresh)
  t.match(await send({ path, token }), { status: 401, seen: undefined })
}

async function failsClosed(t: Test, { app, ports, send, login }: Bench) {
  const { access: token } = await login()
  const path = '/private/x'
  t.equal((await send({ path, token })).status, 200)
  await app.close()
  t.match(await send({ path, token }), { status: /^5/, seen: undefined }, 'it is gone')
  t.match(await send({ path: '/public/x' }), { status: 200 }, 'what is open stays open')

  const strange: Record<string, RequestListener> = {
    500: (_request, response) => response.writeHead(500).end(),
    404: (_request, response) => response.writeHead(404).end(),
    'a cut answer': request => void request.socket.end('HTTP/1.1 2'),
    'no answer': () => {}
  }
  for (const [about, listener] of Object.entries(strange)) {
    const server = createServer(listener).listen(ports.postern, '127.0.0.1')
    await once(server, 'listening')
    const began = Date.now()
    const { status, seen } = await send({ path, token })
    t.match({ status, seen }, { status: /^[45]/, seen: undefined }, about)
    t.ok(Date.now() - began < 4000, `${about} is not waited for`)
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}
