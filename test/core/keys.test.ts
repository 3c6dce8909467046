import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { calculateJwkThumbprint, createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { buildServer } from '../../src/server.ts'
import { build, client, testClock } from '../helper.ts'

const DAY = 86_400_000
const onDisk = (test: Test, folder = test.testdir()) => ({ databaseUrl: `sqlite:${join(folder, 'postern.db')}` })

const published = async (http: ReturnType<typeof client>) =>
  (await http.get('/.well-known/jwks.json')).json() as JSONWebKeySet

t.test('the published keys are those that sign, named by their thumbprint, and hold nothing private', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const { access } = await http.login()
  const keys = await published(http)
  t.equal(keys.keys.length, 2, 'the one that signs, and the next')
  for (const key of keys.keys) {
    t.equal(key.kid, await calculateJwkThumbprint(key))
    t.same(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  }
  const { payload, protectedHeader } = await jwtVerify(access, createLocalJWKSet(keys), {
    issuer: 'http://auth.test',
    audience: 'http://auth.test',
    typ: 'at+jwt',
    currentDate: new Date()
  })
  t.match(payload, { token_type: 'access', username: 'ada', roles: [], email: 'ada@example.com', amr: ['pwd'] })
  t.equal(protectedHeader.alg, 'ES256')
})

t.test('a rotation lets the next key sign, and tokens of the old one stay valid', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const before = await http.login()
  const [old, next] = (await published(http)).keys.map(({ kid }) => kid)
  await app.core.signingKeys.rotate({ force: true })
  const after = await http.login()
  const kid = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
  t.equal(kid(before.access), old)
  t.equal(kid(after.access), next)
  t.equal((await http.protected(before.access)).statusCode, 200)
  t.equal((await http.protected(after.access)).statusCode, 200)
  t.equal((await published(http)).keys.length, 3)
})

t.test('a process that runs on takes over what another one rotated', async t => {
  const store = onDisk(t)
  const running = await build(t, store)
  const other = await build(t, store)
  await client(running).register()
  await other.core.signingKeys.rotate({ force: true })
  const { access } = await client(other).login()
  t.equal((await client(running).protected(access)).statusCode, 200, 'it knew the key before that signed')
  await running.core.signingKeys.reload()
  t.same(await published(client(running)), await published(client(other)))
})

t.test('a retired key is forgotten when its last token has expired, and its tokens are refused', async t => {
  const clock = testClock()
  const app = await build(t, { authAccessTtl: '1d' }, { now: clock.now })
  const http = client(app)
  await http.register()
  const { access } = await http.login()
  t.equal((await http.protected(access)).statusCode, 200)
  await app.core.signingKeys.rotate({ force: true })
  clock.advance(DAY - 1000)
  await app.core.housekeeping.sweep()
  t.equal((await http.protected(access)).statusCode, 200)
  clock.advance(DAY + 2000)
  await app.core.housekeeping.sweep()
  await app.core.signingKeys.reload()
  t.equal((await published(http)).keys.length, 2)
  t.equal((await http.protected(access)).statusCode, 401)
})

t.test('the master secret is made once, for its owner alone, and the keys survive a restart', async t => {
  const folder = t.testdir()
  const first = buildServer({ ...onDisk(t, folder), logLevel: 'silent' })
  await first.ready()
  const keys = await published(client(first))
  await first.close()
  const secret = await readFile(join(folder, 'secret'), 'utf8')
  t.equal((await stat(join(folder, 'secret'))).mode & 0o777, 0o600)
  t.ok(secret.trim().length >= 43, '256 bits or more')
  const second = await build(t, onDisk(t, folder))
  t.same(await published(client(second)), keys)
  t.equal(await readFile(join(folder, 'secret'), 'utf8'), secret)
})

t.test('the database holds no private key in the clear', async t => {
  const folder = t.testdir()
  const app = await build(t, onDisk(t, folder))
  await client(app).register()
  for (const file of ['postern.db', 'postern.db-wal']) {
    t.notMatch(await readFile(join(folder, file), 'latin1'), /PRIVATE KEY|correct horse/)
  }
})

/** Starts over a folder that held a service once, after somebody changed something in it. */
async function restartAfter(t: Test, change: (secret: string) => Promise<unknown>, options = {}) {
  const folder = t.testdir()
  const first = buildServer({ ...onDisk(t, folder), logLevel: 'silent' })
  await first.ready()
  await first.close()
  const secret = join(folder, 'secret')
  await change(secret)
  const second = buildServer({ ...onDisk(t, folder), logLevel: 'silent', ...options })
  t.teardown(() => second.close())
  return { start: async () => void (await second.ready()), secret }
}

t.test('a lost master secret stops the start, and nothing is made in its place', async t => {
  const { start, secret } = await restartAfter(t, file => rm(file))
  await t.rejects(start, { name: 'StartError', message: /secret is gone.*Restore/ })
  await t.rejects(stat(secret), { code: 'ENOENT' })
})

t.test('a wrong master secret stops the start', async t => {
  const { start } = await restartAfter(t, file => writeFile(file, 'x'.repeat(64)))
  await t.rejects(start, { name: 'StartError', message: /not the one that sealed/ })
  const other = await restartAfter(t, async () => {}, { authSecret: 'y'.repeat(64) })
  await t.rejects(other.start, { name: 'StartError', message: /not the one that sealed/ })
})

t.test('a master secret that was cut short stops the start', async t => {
  const { start } = await restartAfter(t, file => writeFile(file, 'short'))
  await t.rejects(start, { name: 'StartError', message: /shorter than 32 bytes/ })
})

t.test('AUTH_SECRET_FILE must exist', async t => {
  const app = buildServer({ ...onDisk(t), authSecretFile: join(t.testdir(), 'none'), logLevel: 'silent' })
  t.teardown(() => app.close())
  await t.rejects(async () => void (await app.ready()), {
    name: 'StartError',
    message: /AUTH_SECRET_FILE: there is no file/
  })
})

t.test('a service that starts twice at the same moment agrees on one secret and one set of keys', async t => {
  const folder = t.testdir()
  await chmod(folder, 0o700)
  const [a, b] = await Promise.all([build(t, onDisk(t, folder)), build(t, onDisk(t, folder))])
  t.same(await published(client(a)), await published(client(b)))
})

t.test('without signing keys another master secret starts, and no token of the former one is good', async t => {
  const folder = t.testdir()
  const first = buildServer({ ...onDisk(t, folder), publicUrl: 'http://auth.test', logLevel: 'silent' })
  await first.ready()
  await client(first).register()
  const { access, refresh } = await client(first).login()
  await first.close()
  await rm(join(folder, 'secret'))
  const sqlite = new Sqlite(join(folder, 'postern.db'))
  sqlite.exec('DELETE FROM signing_keys')
  sqlite.close()
  const http = client(await build(t, onDisk(t, folder)))
  t.equal((await http.protected(access)).statusCode, 401)
  t.equal((await http.refresh(refresh)).statusCode, 401)
  t.equal((await http.protected((await http.login()).access)).statusCode, 200)
})
