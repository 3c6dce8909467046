import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { inflateSync } from 'node:zlib'
import { lt } from 'drizzle-orm'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build, client, type TestClock, testClock } from './helper.ts'
import { oauthClient, registered } from './routes/oauth-client.ts'

const ISSUER = 'http://auth.test'
const INDEXES = 2 ** 20

interface Reference {
  idx: number
  uri: string
}

async function service(test: Test, options = {}) {
  const clock = testClock()
  const app = await build(test, options, { now: clock.now })
  const http = client(app)
  await http.register()
  return { app, clock, http }
}

const part = (token: string, at: number) => JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString())
const reference = (access: string): Reference => part(access, 1).status.status_list
const pathOf = ({ uri }: Reference) => uri.slice(ISSUER.length)

/** Asks as a verifier does that knows nothing but the standard and the published keys; gives the claims and the bits. */
async function fetchList(app: FastifyInstance, path = '/status-lists/0') {
  const answer = await app.inject({ url: path, headers: { accept: 'application/statuslist+jwt' } })
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${answer.body}`)
  const [header = '', payload = '', signature = ''] = answer.body.split('.')
  const { kid, alg, typ } = part(answer.body, 0)
  const { keys } = (await app.inject('/.well-known/jwks.json')).json()
  const jwk = keys.find((key: { kid: string }) => key.kid === kid)
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = Buffer.from(`${header}.${payload}`)
  const genuine = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
  if (!genuine) throw new Error('the signature is wrong')
  const claims = part(answer.body, 1)
  const bytes = inflateSync(Buffer.from(claims.status_list.lst, 'base64url'))
  return { answer, claims, bytes, alg, typ, status: (idx: number) => ((bytes[idx >> 3] as number) >> (idx & 7)) & 1 }
}

/** Indexes that are laid ready, as they are on Postgres, are not: the next one is one that is free again, or a new one. */
async function dropReady({ database }: FastifyInstance) {
  const { statusEntries } = database.tables
  const drop = database.prepare('test_drop_ready', q =>
    q
      .delete(statusEntries)
      .where(lt(statusEntries.freeFrom, new Date(2000, 0)))
      .returning()
  )
  await database.write(() => drop())
}

/** The indexes that a list refuses. */
const refused = (bytes: Buffer) =>
  [...bytes].flatMap((byte, at) => [0, 1, 2, 3, 4, 5, 6, 7].filter(bit => (byte >> bit) & 1).map(bit => at * 8 + bit))

t.test('every access token of a session names one index, and no other session names it', async t => {
  const { http } = await service(t)
  const [first, second] = [await http.login(), await http.login()]
  const refreshed = (await http.refresh(first.refresh)).json()
  t.match(reference(first.access), { idx: Number, uri: `${ISSUER}/status-lists/0` })
  t.same(reference(refreshed.access), reference(first.access))
  t.not(reference(second.access).idx, reference(first.access).idx)
})

t.test('a list is what the draft says: type, claims, media type, and a signature that strangers can check', async t => {
  const { app, clock } = await service(t, { authStatusListTtl: '30s' })
  const { answer, claims, bytes, alg, typ } = await fetchList(app)
  t.equal(answer.headers['content-type'], 'application/statuslist+jwt')
  t.equal(answer.headers['cache-control'], 'public, max-age=30')
  t.same([alg, typ], ['ES256', 'statuslist+jwt'])
  const iat = clock.now() / 1000
  t.match(claims, { iss: ISSUER, sub: `${ISSUER}/status-lists/0`, iat, ttl: 30, exp: iat + 330 })
  t.match(claims.status_list, { bits: 1, aggregation_uri: `${ISSUER}/status-lists/` })
  t.equal(bytes.length * 8, INDEXES)
  t.same(refused(bytes), [])
})

t.test('whatever ends a session sets its bit before the answer is there, and no other bit', async t => {
  const { app, clock, http } = await service(t)
  const ended: string[] = []
  const kept = await http.login()
  const isRefused = async (what: string) => {
    const { bytes, status } = await fetchList(app)
    for (const access of ended) t.equal(status(reference(access).idx), 1, what)
    t.equal(refused(bytes).length, ended.length, `${what}, and nothing else`)
  }

  const left = await http.login()
  await fetchList(app)
  ended.push(left.access)
  t.equal((await http.logout(left.refresh)).statusCode, 204)
  await isRefused('logged out')

  const stolen = await http.login()
  await http.refresh(stolen.refresh)
  clock.advance(11_000)
  ended.push(stolen.access)
  t.equal((await http.refresh(stolen.refresh)).statusCode, 401)
  await isRefused('reused')

  const [other, more] = [await http.login(), await http.login()]
  ended.push(other.access, more.access)
  t.equal((await http.changePassword(kept.access, 'correct horse', 'battery staple')).statusCode, 200)
  await isRefused('its password changed')

  const last = await http.login('ada', 'battery staple')
  ended.push(kept.access, last.access)
  t.equal((await http.post('/api/logout-all/', {}, kept.access)).statusCode, 204)
  await isRefused('logged out everywhere')
})

t.test('a token that is revoked by itself sets its bit, of a user or of a machine', async t => {
  const { app, http } = await service(t)
  const machine = oauthClient(app, await registered(app))
  const { access, refresh } = await http.login()
  const tokens = [access, await machine.machine(), await machine.machine()]
  t.equal(new Set(tokens.map(token => reference(token).idx)).size, 3)
  for (const token of tokens.slice(0, 2)) t.equal((await machine.send('revoke', { token })).statusCode, 200)
  const { status } = await fetchList(app)
  t.same(
    tokens.map(token => status(reference(token).idx)),
    [1, 1, 0]
  )
  const next = (await http.refresh(refresh)).json()
  t.equal(status(reference(next.access).idx), 0, 'the session goes on')
})

t.test('bits stand in the order of the draft: the least significant of a byte comes first', async t => {
  const { app, http } = await service(t)
  // The first example of section 4.1: sixteen tokens whose bits are the bytes 0xB9 and 0xA3.
  const sessions = []
  for (let n = 0; n < 16; n++) sessions.push(await http.login())
  t.same(
    sessions.map(({ access }) => reference(access).idx),
    sessions.map((_, n) => n)
  )
  for (const n of [0, 3, 4, 5, 7, 8, 9, 13, 15]) await http.logout(sessions[n]?.refresh ?? '')
  const { bytes } = await fetchList(app)
  t.equal(bytes.subarray(0, 2).toString('hex'), 'b9a3')
  t.same(inflateSync(Buffer.from('eNrbuRgAAhcBXQ', 'base64url')), bytes.subarray(0, 2), 'as the draft has it encoded')
})

t.test('a list is sent again only when it has changed, and is signed anew when its ttl is over', async t => {
  const { app, clock, http } = await service(t, { authStatusListTtl: '10s' })
  const { refresh } = await http.login()
  const first = (await fetchList(app)).answer
  const ask = () => app.inject({ url: '/status-lists/0', headers: { 'if-none-match': `${first.headers.etag}` } })
  clock.advance(9_999)
  const same = await ask()
  t.same([same.statusCode, same.body], [304, ''])
  t.match(same.headers, { etag: first.headers.etag, 'cache-control': 'public, max-age=10' })
  clock.advance(1)
  const anew = await ask()
  t.equal(anew.statusCode, 200)
  t.equal(part(anew.body, 1).iat, part(first.body, 1).iat + 10)
  await http.logout(refresh)
  t.not((await fetchList(app)).answer.headers.etag, anew.headers.etag, 'a revocation does not wait for it')
})

t.test('however many ask at once, a list is built once', async t => {
  const { app } = await service(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => app.inject('/status-lists/0')))
  t.equal(new Set(answers.map(({ headers }) => headers.etag)).size, 1)
})

t.test('HEAD is answered like GET, without the list', async t => {
  const { app } = await service(t)
  const { answer } = await fetchList(app)
  const head = await app.inject({ method: 'HEAD', url: '/status-lists/0' })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
    t.equal(head.headers[name], answer.headers[name], name)
})

t.test('a list that no token can name is not there', async t => {
  const { app } = await service(t)
  for (const name of ['1', '999999999', '9999999999', '00', '-1', '0.5', '0x0', '1e0', 'x', '%00']) {
    const answer = await app.inject(`/status-lists/${name}`)
    t.same([answer.statusCode, answer.json().code], [404, 'not_found'], name)
  }
})

t.test('the lists are listed, and the second begins where the first is full', async t => {
  const { app, http } = await service(t)
  const uris = async () => (await app.inject('/status-lists/')).json()
  t.same(await uris(), { status_lists: [`${ISSUER}/status-lists/0`] })
  const { access, refresh } = await http.login()
  const { sessions } = app.database.tables
  const move = app.database.prepare('test_move', q =>
    q
      .update(sessions)
      .set({ statusIndex: INDEXES - 1 })
      .returning()
  )
  await app.database.write(() => move())
  await dropReady(app)
  const next = await http.login()
  t.same(reference(next.access), { idx: 0, uri: `${ISSUER}/status-lists/1` })
  t.same(await uris(), { status_lists: [0, 1].map(list => `${ISSUER}/status-lists/${list}`) })
  await http.logout(next.refresh)
  t.same(refused((await fetchList(app, pathOf(reference(next.access)))).bytes), [0])
  t.same(refused((await fetchList(app, pathOf(reference(access)))).bytes), [])
  await http.logout(refresh)
  t.same(refused((await fetchList(app)).bytes), [INDEXES - 1])
})

t.test('a logout in another process is in the list here within a second, and after a restart', async t => {
  const store = { databaseUrl: `sqlite:${t.testdir({})}/postern.db` }
  const [here, there] = [await build(t, store), await build(t, store)]
  await client(here).register()
  const { access, refresh } = await client(here).login()
  const { idx } = reference(access)
  t.equal((await fetchList(here)).status(idx), 0)
  t.equal((await client(there).logout(refresh)).statusCode, 204)
  t.equal((await fetchList(there)).status(idx), 1)
  await sleep(300)
  t.equal((await fetchList(here)).status(idx), 1)
  t.equal((await fetchList(await build(t, store))).status(idx), 1)
})

t.test('a session from before has no index, and gets one with its next refresh', async t => {
  const { app, http } = await service(t)
  const { refresh } = await http.login()
  const { sessions } = app.database.tables
  const strip = app.database.prepare('test_strip', q => q.update(sessions).set({ statusIndex: null }).returning())
  await app.database.write(() => strip())
  const stripped = await http.refresh(refresh)
  const { access, refresh: next } = stripped.json()
  t.match(reference(access), { idx: Number })
  await app.database.write(() => strip())
  t.equal((await http.logout(next)).statusCode, 204, 'one that never got any ends as well')
  t.equal((await http.protected(access)).statusCode, 401)
})

t.test('neither a list nor an access token is taken for the other', async t => {
  const { app, http } = await service(t)
  const { access } = await http.login()
  const { answer } = await fetchList(app)
  t.equal((await http.protected(answer.body)).statusCode, 401)
  t.equal((await http.post('/api/verify/', { token: answer.body })).statusCode, 401)
  t.equal((await http.refresh(answer.body)).statusCode, 401)
  t.equal(part(access, 0).typ, 'at+jwt')
  t.equal(part(answer.body, 0).typ, 'statuslist+jwt')
})

t.test('an index is named by nobody else until its tokens and the lists about them have expired', async t => {
  const { app, clock, http } = await service(t)
  const { access, refresh } = await http.login()
  const { idx } = reference(access)
  await http.logout(refresh)
  const namedBy = async (by: TestClock, milliseconds: number) => {
    by.advance(milliseconds)
    await app.core.housekeeping.sweep()
    return reference((await http.login()).access).idx
  }
  t.not(await namedBy(clock, 0), idx)
  t.not(await namedBy(clock, 86_400_000), idx, 'a token could live for a day')
  t.equal((await fetchList(app)).status(idx), 1, 'and a clock may be late')
  t.not(await namedBy(clock, 899_000), idx)
  t.equal((await fetchList(app)).status(idx), 0, 'nobody relies on a list any more that said so')
  await dropReady(app)
  t.equal(await namedBy(clock, 2_000), idx)
  t.equal((await fetchList(app)).status(idx), 0, 'who gets it next begins unrevoked')
})

t.test('the code in docs/status-list.md refuses a logged-out token, and no other', async t => {
  const root = join(import.meta.dirname, '..')
  const text = await readFile(join(root, 'docs/status-list.md'), 'utf8')
  const code = /^```js\n([\s\S]*?)^```/m.exec(text)?.[1] ?? ''
  // The port must be known before the service starts, since tokens name it.
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  const publicUrl = `http://127.0.0.1:${port}`
  const app = await build(t, { publicUrl, authStatusListTtl: '1s' })
  await app.listen({ host: '127.0.0.1', port })
  const folder = t.testdir({ node_modules: t.fixture('symlink', join(root, 'node_modules')) })
  const file = join(folder, 'caller.mjs')
  await writeFile(file, code.replace('http://127.0.0.1:8000', publicUrl))
  const { caller } = await import(pathToFileURL(file).href)
  const http = client(app)
  await http.register()
  const [leaves, stays] = [await http.login(), await http.login()]
  for (const { access } of [leaves, stays]) t.match(await caller(access), { username: 'ada' })
  await http.logout(leaves.refresh)
  await sleep(1000)
  await t.rejects(caller(leaves.access), { message: 'revoked' })
  t.match(await caller(stays.access), { username: 'ada' })
})
