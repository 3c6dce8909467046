import { METHODS } from 'node:http'
import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { build, client } from './helper.ts'
import { read, refused } from './routes/answers.ts'
import { oauthClient, registered } from './routes/oauth-client.ts'

const IDENTITY = ['remote-user', 'remote-email', 'remote-groups', 'x-auth-user-id', 'x-auth-session-id']
const PASSWORD = 'correct horse'
const LOGIN = 'https://app.test/login'
const PROXY = '10.1.2.3'

let statements = 0

let app: FastifyInstance

t.before(async () => {
  app = await build(t, { authTrustProxy: ['10.0.0.0/8', '2001:db8::/32'], authLoginUrls: [LOGIN, `${LOGIN}?a=b`] })
  await app.core.registration.create({
    username: 'ada',
    email: 'ada@example.com',
    password: PASSWORD,
    roles: ['staff', 'ops']
  })
})

const token = async (username = 'ada') => (await client(app).login(username, PASSWORD)).access
const ask = (access?: string, { url = '/forward-auth', headers, ...more }: InjectOptions = {}) =>
  app.inject({ url, headers: { ...headers, ...(access && { authorization: `Bearer ${access}` }) }, ...more })
const identityOf = (answer: Awaited<ReturnType<typeof ask>>) => IDENTITY.map(name => answer.headers[name])

t.test('the answer names the user in five headers, which are all there even if they say nothing', async t => {
  const access = await token()
  const { sub, sid } = read(access).claims
  const answer = await ask(access)
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), {})
  t.equal(answer.headers['cache-control'], 'no-store')
  t.same(identityOf(answer), ['ada', 'ada@example.com', 'staff,ops', sub, sid])

  await app.core.registration.create({ username: 'bare', email: null, password: PASSWORD })
  const bare = await token('bare')
  t.same(identityOf(await ask(bare)), ['bare', '', '', read(bare).claims.sub, read(bare).claims.sid])
})

t.test('any method asks, with and without a slash, and no body is read or refused', async t => {
  const access = await token()
  const bodies: InjectOptions[] = [
    {},
    { headers: { 'content-length': '0' } },
    { headers: { 'content-type': 'application/json' } },
    { payload: '{', headers: { 'content-type': 'application/json' } },
    { payload: 'x', headers: { 'content-type': 'garbage' } },
    { payload: 'x'.repeat(200_000), headers: { 'content-type': 'multipart/form-data' } },
    { payload: 'x' }
  ]
  for (const method of METHODS.filter(method => method !== 'CONNECT'))
    for (const url of ['/forward-auth', '/forward-auth/', '/forward-auth/for/api/x']) {
      const how = { method: method as 'GET', url }
      for (const body of bodies.slice(0, method === 'HEAD' || method === 'TRACE' ? 1 : undefined)) {
        const answer = await ask(access, { ...how, ...body })
        t.equal(answer.statusCode, 200, `${method} ${url}`)
        t.equal(answer.headers['remote-user'], 'ada')
      }
      t.equal((await ask(undefined, how)).statusCode, 401, `${method} ${url} without a token`)
    }
})

t.test('without a valid token there is no name in the answer', async t => {
  const { access, refresh } = await client(app).login('ada', PASSWORD)
  refused(t, await ask(), 'not_authenticated')
  for (const wrong of ['x', refresh, `${access.slice(0, -4)}AAAA`, `${access} `.repeat(2)])
    refused(t, await ask(wrong), 'token_not_valid')
  await client(app).logout(refresh)
  const answer = await ask(access)
  refused(t, answer, 'token_not_valid')
  t.same(identityOf(answer), Array(5).fill(undefined))
})

t.test('a machine is no user and is refused', async t => {
  const machine = await oauthClient(app, await registered(app, ['read'])).machine()
  t.ok(machine)
  refused(t, await ask(machine), 'token_not_valid')
  refused(t, await ask(machine, { url: '/forward-auth?role=read' }), 'token_not_valid')
})

t.test('of several roles one is enough, and what is misspelt opens nothing', async t => {
  const access = await token()
  const to = (query: string, who: string | undefined = access) => ask(who, { url: `/forward-auth?${query}` })
  for (const query of ['role=staff', 'role=admin&role=ops', 'role=staff&role=staff', 'role=%73taff'])
    t.equal((await to(query)).statusCode, 200, query)
  for (const query of [
    'role=admin',
    'role=admin&role=root',
    'role=Staff',
    'role=staff,ops',
    'role=staf',
    'role=staff%20'
  ]) {
    const answer = await to(query)
    refused(t, answer, 'permission_denied')
    t.same(identityOf(answer), Array(5).fill(undefined))
    refused(t, await ask(undefined, { url: `/forward-auth?${query}` }), 'not_authenticated')
  }
  for (const [query, field] of [
    ['roles=admin', 'roles'],
    ['Role=admin', 'Role'],
    ['role=', 'role'],
    ['x=1', 'x']
  ])
    refused(t, await to(`${query}`), 'validation_failed', [`${field}`])
})

t.test('the query behind the path of another request is not obeyed', async t => {
  const access = await token()
  for (const path of ['x?role=admin', 'x?role=staff&login_url=https://evil.test', '?x=y', `x/${'y'.repeat(4000)}`])
    t.equal((await ask(access, { url: `/forward-auth/for/${path}` })).statusCode, 200, path)
  refused(t, await ask(undefined, { url: `/forward-auth/for/x?login_url=${LOGIN}` }), 'not_authenticated')
  for (const path of ['/forward-auth/x', '/forward-auth/forx', '/forward-authx'])
    refused(t, await ask(access, { url: path }), 'not_found')
})

t.test('no name and no role can split a header', async t => {
  const odd = 'Eve\r\nRemote-User: root\0\t\x7f\x85\u2028"\',;% ü名前🙂\ud800'
  const encoded =
    'Eve%0D%0ARemote-User:%20root%00%09%7F%C2%85%E2%80%A8"\',;%25%20%C3%BC%E5%90%8D%E5%89%8D%F0%9F%99%82%EF%BF%BD'
  const { identityHeaders } = app.forwardAuth
  const honest = read(await token()).claims
  const claims = { ...honest, username: odd, email: odd, roles: [odd, 'a,b', ' admin ', '%2C'] }
  const headers = identityHeaders(claims as unknown as Parameters<typeof identityHeaders>[0])
  const role = encoded.replaceAll(',', '%2C')
  t.same(Object.values(headers), [encoded, encoded, `${role},a%2Cb,%20admin%20,%252C`, honest.sub, honest.sid])
  for (const value of Object.values(headers)) t.match(value, /^[!-~]*$/)
  for (const name of ['ümit', '名前', 'ÅNGSTRÖM', 'नमस्ते']) {
    await app.core.registration.create({ username: name, email: null, password: PASSWORD })
    const found = `${(await ask(await token(name))).headers['remote-user']}`
    t.match(found, /^[!-~]+$/)
    t.equal(decodeURIComponent(found), name)
  }
})

t.test('registration refuses names with control characters', async t => {
  for (const code of [...Array(33).keys(), ...Array.from({ length: 34 }, (_, at) => 0x7f + at), 0x2028, 0x2029]) {
    const username = `a${String.fromCodePoint(code)}b`
    const answer = await client(app).post('/api/register/', { username, email: 'a@example.com', password: PASSWORD })
    t.match(answer, { statusCode: 400 }, `U+${code.toString(16)}`)
  }
})

t.test('asking writes nothing', async t => {
  const access = await token()
  const before = app.database.epoch()
  const rows = async () => {
    const { users, sessions, auditEvents, revokedJti } = app.database.tables
    const read = Object.entries({ users, sessions, auditEvents, revokedJti }).map(([name, table]) =>
      app.database.read(
        app.database.prepare(`fa_${name}_${statements++}`, q => q.select().from(table as typeof users))()
      )
    )
    return JSON.stringify(await Promise.all(read))
  }
  const written = await rows()
  for (const url of ['/forward-auth', '/forward-auth?role=nobody', `/forward-auth?login_url=${LOGIN}`])
    for (const who of [access, undefined, 'x']) await ask(who, { url, headers: { cookie: 'a=b' } })
  t.equal(await rows(), written)
  t.equal(app.database.epoch(), before)
})

t.test('Traefik asks with GET and all headers of the client beside its own', async t => {
  const headers = {
    'accept-encoding': 'gzip',
    'content-type': 'application/json',
    'user-agent': 'curl/8',
    'remote-user': 'root',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'app.test',
    'x-forwarded-method': 'POST',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
    'x-forwarded-server': 'edge',
    'x-forwarded-uri': '/admin/?role=ops',
    'x-real-ip': '203.0.113.7'
  }
  const access = await token()
  const passed = await ask(access, { headers, remoteAddress: PROXY })
  t.match(passed, { statusCode: 200, headers: { 'remote-user': 'ada' } })
  refused(t, await ask(access, { url: '/forward-auth?role=admin', headers, remoteAddress: PROXY }), 'permission_denied')
  refused(t, await ask(undefined, { headers, remoteAddress: PROXY }), 'not_authenticated')
})

t.test('Envoy asks with the method and the path of the client', async t => {
  const headers = {
    host: 'app.test',
    'content-length': '0',
    'x-envoy-expected-rq-timeout-ms': '2000',
    'x-envoy-internal': 'true',
    'x-forwarded-for': '10.0.0.5',
    'x-request-id': '7a0c9d0e-6a2b-4f0e-8d3b-2f8a3c1d5e6f'
  }
  const access = await token()
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND'] as const) {
    const how = { method: method as 'GET', url: '/forward-auth/for/api/things/?role=admin', headers }
    t.match(await ask(access, how), {
      statusCode: 200,
      headers: { 'remote-user': 'ada', 'remote-groups': 'staff,ops' }
    })
    refused(t, await ask(undefined, how), 'not_authenticated')
  }
  refused(t, await ask(access, { url: '/forward-auth?role=admin', headers }), 'permission_denied')
})
