import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { build, client, type TestClock, testClock } from '../helper.ts'
import { read, refused } from './answers.ts'
import { type Credentials, failed, inactive, oauthClient, registered } from './oauth-client.ts'

let clock: TestClock
let app: FastifyInstance
let reports: Credentials
let oauth: ReturnType<typeof oauthClient>

t.beforeEach(async t => {
  clock = testClock()
  app = await build(t, { authAudience: 'https://api.test' }, { now: clock.now })
  reports = await registered(app, ['reports:read', 'reports:write'])
  oauth = oauthClient(app, reports)
})

t.test('a machine gets an access token of RFC 9068, and no refresh token', async t => {
  const answer = await oauth.token()
  t.equal(answer.statusCode, 200)
  t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
  const { access_token: token, ...rest } = answer.json()
  t.strictSame(rest, { token_type: 'Bearer', expires_in: 300, scope: 'reports:read reports:write' })

  const { header, claims } = read(token)
  t.match(header, { typ: 'at+jwt', alg: 'ES256' })
  const { jti, iat, exp, status: _, ...known } = claims
  t.strictSame(known, {
    iss: 'http://auth.test',
    sub: reports.id,
    aud: 'https://api.test',
    client_id: reports.id,
    scope: 'reports:read reports:write',
    token_type: 'access'
  })
  t.equal(iat, clock.now() / 1000)
  t.equal(Number(exp) - Number(iat), 300)
  t.match(jti, /^[\w-]{22}$/)

  const keys = createLocalJWKSet((await app.inject('/.well-known/jwks.json')).json())
  const { payload } = await jwtVerify(token, keys, {
    issuer: 'http://auth.test',
    audience: 'https://api.test',
    typ: 'at+jwt',
    currentDate: new Date(clock.now()),
    requiredClaims: ['sub', 'client_id', 'jti', 'iat', 'exp']
  })
  t.equal(payload.client_id, reports.id)
})

t.test('the token of a user has every claim that RFC 9068 requires, too', async t => {
  await client(app).register()
  const { claims } = read((await client(app).login()).access)
  for (const name of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']) t.ok(claims[name], name)
  t.equal(claims.client_id, 'http://auth.test')
})

t.test('a scope is granted when it is one of the client', async t => {
  const granted = async (scope: string) => (await oauth.token(scope)).json().scope
  t.equal(await granted('reports:write'), 'reports:write')
  t.equal(await granted('reports:write reports:read'), 'reports:write reports:read')
  t.equal(await granted('reports:read reports:read'), 'reports:read')
  t.equal(await granted(''), 'reports:read reports:write', 'an empty parameter counts as absent')
  const bad = ['admin', 'reports:read admin', 'reports:Read', 'reports:read  reports:write', ' reports:read', '"', '\0']
  for (const scope of bad) failed(t, await oauth.token(scope), 400, 'invalid_scope', scope)
})

t.test('a client without scopes gets a token without', async t => {
  const plain = oauthClient(app, await registered(app))
  t.notOk('scope' in (await plain.token()).json())
  t.notOk('scope' in read(await plain.machine()).claims)
  failed(t, await plain.token('reports:read'), 400, 'invalid_scope')
})

t.test('no other grant is supported', async t => {
  const grants = [
    'password',
    'authorization_code',
    'refresh_token',
    'CLIENT_CREDENTIALS',
    'client_credentials ',
    '__proto__'
  ]
  for (const grant_type of grants)
    failed(t, await oauth.send('token', { grant_type }), 400, 'unsupported_grant_type', grant_type)
  failed(t, await oauth.send('token', { scope: 'reports:read' }), 400, 'invalid_request')
})

t.test('a token of a machine is valid, but opens nothing that is for users', async t => {
  const token = await oauth.machine()
  const { post, send, protected: see } = client(app)
  t.same((await post('/api/verify/', { token })).json(), {})
  refused(t, await see(token), 'token_not_valid')
  const change = { old_password: 'correct horse', new_password: 'battery staple' }
  refused(t, await post('/api/change-password/', change, token), 'token_not_valid')
  for (const field of ['/api/refresh/', '/api/logout/'])
    refused(t, await post(field, { refresh: token }), 'token_not_valid')
  const { paths } = app.swagger() as { paths: Record<string, Record<string, { security?: object[] }>> }
  const locked = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security === undefined)
      .map(([method]) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'x')] as const)
  )
  t.ok(locked.length >= 2)
  for (const [method, url] of locked) {
    const headers = { authorization: `Bearer ${token}` }
    refused(t, await send({ method: method as 'GET', url, headers }), 'token_not_valid', [], url)
  }
})

t.test('the token of a machine expires', async t => {
  const token = await oauth.machine()
  clock.advance(299_999)
  t.equal((await oauth.introspect(token)).json().active, true)
  clock.advance(1)
  inactive(t, await oauth.introspect(token))
  t.equal((await client(app).post('/api/verify/', { token })).statusCode, 401)
})

t.test('a deleted client gets no token, and those that it has are refused at once', async t => {
  const other = oauthClient(app, await registered(app, [], 'other'))
  const [token, kept] = [await oauth.machine(), await other.machine()]
  for (const one of [token, kept]) t.equal((await other.introspect(one)).json().active, true)
  await app.core.clients.delete(reports.id)
  failed(t, await oauth.token(), 401, 'invalid_client')
  failed(t, await oauth.introspect(kept), 401, 'invalid_client')
  inactive(t, await other.introspect(token))
  refused(t, await client(app).post('/api/verify/', { token }), 'token_not_valid')
  t.equal((await other.introspect(kept)).json().active, true)
})

t.test('a client that is deleted while it asks leaves no token behind', async t => {
  const [asked, , again] = await Promise.all([oauth.token(), app.core.clients.delete(reports.id), oauth.token()])
  const other = oauthClient(app, await registered(app, [], 'other'))
  for (const answer of [asked, again]) {
    if (answer.statusCode === 401) failed(t, answer, 401, 'invalid_client')
    else inactive(t, await other.introspect(answer.json().access_token))
  }
})

t.test('a secret that is replaced while its client asks is worth nothing', async t => {
  const { clients, machineTokens } = app.core
  const client = await clients.authenticate(reports.id, reports.secret)
  await clients.rotateSecret(reports.id)
  const asked = machineTokens.issue(client as NonNullable<typeof client>, { grant_type: 'client_credentials' }, '')
  await t.rejects(asked, { code: 'invalid_client' })
})

t.test('a new secret replaces the old one at once; tokens that are out stay valid', async t => {
  const token = await oauth.machine()
  const { secret } = await app.core.clients.rotateSecret(reports.id)
  failed(t, await oauth.token(), 401, 'invalid_client')
  const renewed = oauthClient(app, { id: reports.id, secret })
  t.equal((await renewed.token()).statusCode, 200)
  t.equal((await renewed.introspect(token)).json().active, true)
})

t.test('what machines and their clients do is on record, without secrets', async t => {
  const token = await oauth.machine()
  await oauth.revoke(token)
  await app.core.clients.rotateSecret(reports.id)
  await oauth.token()
  await app.core.clients.delete(reports.id)
  const { auditEvents, clients } = app.database.tables
  const all = app.database.prepare('test_audit', q => q.select().from(auditEvents).orderBy(auditEvents.id))
  const events = await app.database.read(all())
  t.same(
    events.map(({ event }) => event),
    [
      'client_created',
      'authn_token_created',
      'authn_token_revoked',
      'client_secret_rotated',
      'authn_login_fail',
      'client_deleted'
    ]
  )
  t.ok(events.every(({ userId, sessionId }) => userId === null && sessionId === null))
  t.equal(events.filter(({ detail }) => detail.client === reports.id).length, 5)
  await registered(app)
  const rows = await app.database.read(app.database.prepare('test_clients', q => q.select().from(clients))())
  const written = JSON.stringify([events, rows])
  t.notOk(written.includes(reports.secret))
  t.notMatch(written, /eyJ[\w-]+\./)
})
