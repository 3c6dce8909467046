import { setTimeout as sleep } from 'node:timers/promises'
import { inflateSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build, client, type TestClock, testClock } from '../helper.ts'
import { read, refused } from './answers.ts'
import { failed, inactive, oauthClient, registered } from './oauth-client.ts'

let clock: TestClock
let app: FastifyInstance
let http: ReturnType<typeof client>
let oauth: ReturnType<typeof oauthClient>
let tokens: { access: string; refresh: string }

t.beforeEach(async t => {
  clock = testClock()
  app = await build(t, {}, { now: clock.now })
  http = client(app)
  oauth = oauthClient(app, await registered(app, ['reports:read']))
  await http.register()
  tokens = await http.login()
})

const rows = async (name: 'revokedJti' | 'sessions' | 'auditEvents') => {
  const table = app.database.tables[name] as typeof app.database.tables.revokedJti
  return (await app.database.read(
    app.database.prepare(`test_${name}`, q => q.select().from(table))()
  )) as unknown as Array<Record<string, unknown>>
}

const revoked = async (t: Test, token: string) => {
  const answer = await oauth.revoke(token)
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '{}')
}

t.test('a revoked access token is refused from the next request on, alone', async t => {
  const second = (await http.refresh(tokens.refresh)).json()
  for (const access of [tokens.access, second.access]) t.equal((await http.protected(access)).statusCode, 200)
  await revoked(t, tokens.access)
  refused(t, await http.protected(tokens.access), 'token_not_valid')
  refused(t, await http.post('/api/verify/', { token: tokens.access }), 'token_not_valid')
  inactive(t, await oauth.introspect(tokens.access))
  t.equal((await http.protected(second.access)).statusCode, 200, 'another one of the session is good')
  t.equal((await http.refresh(second.refresh)).statusCode, 200, 'and the session goes on')
})

t.test('the record of a revoked access token goes when the token has expired', async t => {
  await revoked(t, tokens.access)
  const { jti, sid } = JSON.parse(Buffer.from(tokens.access.split('.')[1] ?? '', 'base64url').toString())
  t.match(await rows('revokedJti'), [{ jti, sid, reason: 'revoked', expiresAt: new Date(clock.now() + 300_000) }])
  clock.advance(300_000)
  await app.core.housekeeping.sweep()
  t.equal((await rows('revokedJti')).length, 1, 'not before')
  clock.advance(1)
  await app.core.housekeeping.sweep()
  t.same(await rows('revokedJti'), [])
})

t.test('a revoked refresh token ends its session', async t => {
  const other = await http.login()
  await revoked(t, tokens.refresh)
  refused(t, await http.refresh(tokens.refresh), 'token_not_valid')
  refused(t, await http.protected(tokens.access), 'token_not_valid')
  for (const token of [tokens.access, tokens.refresh]) inactive(t, await oauth.introspect(token))
  t.equal((await http.protected(other.access)).statusCode, 200)
  t.same((await rows('sessions')).map(({ revokeReason }) => revokeReason).toSorted(), [null, 'revoked'].toSorted())
})

t.test('a refresh token of an earlier generation ends the session as well', async t => {
  const second = (await http.refresh(tokens.refresh)).json()
  clock.advance(60_000)
  await revoked(t, tokens.refresh)
  refused(t, await http.refresh(second.refresh), 'token_not_valid')
})

t.test('a hint does not decide what happens', async t => {
  const second = (await http.refresh(tokens.refresh)).json()
  await oauth.send('revoke', { token: tokens.access, token_type_hint: 'refresh_token' })
  t.equal((await http.protected(second.access)).statusCode, 200, 'it was an access token')
  await oauth.send('revoke', { token: second.refresh, token_type_hint: 'access_token' })
  t.equal((await http.protected(second.access)).statusCode, 401, 'it was a refresh token')
  t.equal((await oauth.send('revoke', { token: tokens.access, token_type_hint: 'other' })).statusCode, 200)
})

t.test('what is not valid is no error and has no effect', async t => {
  const [header, payload, signature = ''] = tokens.refresh.split('.')
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  const garbage = [
    'x',
    '',
    '..',
    '\0',
    'a.b.c',
    '.'.repeat(9000),
    `${header}.${payload}.`,
    `${header}.${payload}.${flipped}`
  ]
  for (const token of garbage.filter(Boolean)) await revoked(t, token)
  t.same(await rows('revokedJti'), [])
  t.equal((await http.refresh(tokens.refresh)).statusCode, 200)
  clock.advance(300_000)
  await revoked(t, tokens.access)
  t.same(await rows('revokedJti'), [], 'nor has an expired one')
})

t.test('fifty revocations of one token at once are one', async t => {
  for (const token of [tokens.access, tokens.refresh]) {
    const before = (await rows('auditEvents')).length
    const answers = await Promise.all(Array.from({ length: 50 }, () => oauth.revoke(token)))
    t.same([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
    t.equal((await rows('auditEvents')).length, before + 1)
    t.equal((await http.post('/api/verify/', { token })).statusCode, 401)
  }
  const [own, session] = await rows('revokedJti')
  t.equal(own?.sid, session?.jti)
  t.equal((await rows('revokedJti')).length, 2)
})

t.test('a machine gives up its own token, and no other machine can', async t => {
  const [token, kept] = [await oauth.machine(), await oauth.machine()]
  const other = oauthClient(app, await registered(app))
  failed(t, await other.revoke(token), 400, 'unauthorized_client')
  t.equal((await oauth.introspect(token)).json().active, true)
  await revoked(t, token)
  inactive(t, await oauth.introspect(token))
  t.equal((await oauth.introspect(kept)).json().active, true)
  t.equal((await other.revoke(token)).statusCode, 200, 'it is not valid any more, so nothing is refused')
})

t.test('the status list says which tokens were revoked, of users and of machines', async t => {
  const status = async (token: string) => {
    const { idx, uri } = (read(token).claims.status as { status_list: { idx: number; uri: string } }).status_list
    const { lst } = read((await app.inject(new URL(uri).pathname)).body).claims.status_list as { lst: string }
    return ((inflateSync(Buffer.from(lst, 'base64url'))[idx >> 3] ?? 0) >> (idx & 7)) & 1
  }
  const [machine, kept] = [await oauth.machine(), await oauth.machine()]
  for (const token of [machine, kept, tokens.access]) t.equal(await status(token), 0)
  await revoked(t, machine)
  await revoked(t, tokens.access)
  clock.advance(60_000)
  t.equal(await status(machine), 1)
  t.equal(await status(tokens.access), 1)
  t.equal(await status(kept), 0)
  const next = (await http.refresh(tokens.refresh)).json()
  t.equal(await status(next.access), 0, 'the session goes on')
})

t.test('a revocation is known to another process within a second', async t => {
  const store = { databaseUrl: `sqlite:${t.testdir()}/postern.db` }
  const [here, there] = [await build(t, store), await build(t, store)]
  await client(here).register()
  const { access } = await client(here).login()
  const credentials = await registered(there)
  for (const one of [here, there]) t.equal((await client(one).protected(access)).statusCode, 200)
  t.equal((await oauthClient(there, credentials).revoke(access)).statusCode, 200)
  t.equal((await client(there).protected(access)).statusCode, 401)
  await sleep(300)
  t.equal((await client(here).protected(access)).statusCode, 401)
})
