import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { median } from '../bench/statistics.ts'
import { checkDatabase } from '../src/cli/doctor-database.ts'
import { resolveConfig } from '../src/config.ts'
import { slot } from '../src/core/statements.ts'
import { eq, sql } from '../src/db/drizzle.ts'
import { costing, PASSWORD, vectors } from './core/foreign-vectors.ts'
import { build, client } from './helper.ts'

const WRONG = 'wrong horse'
// 3,000,000 iterations: half a second.
const SLOW = 'pbkdf2_sha256$3000000$slowslowslow$SXWXC5/XP0q6xmBcSGXuZsAojAe9zw1qOiVhwoXZtYc='
const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

/** A service with the user ada, whose hash a test replaces. */
async function service(t: Test) {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const login = (password: string, username = 'ada') => http.post('/api/login/', { username, password })
  return { app, http, login, ...rowOf(app) }
}

function rowOf(app: FastifyInstance) {
  const { database: db } = app
  const { users } = db.tables
  const set = db.prepare('test_set_hash', q =>
    q
      .update(users)
      .set({ passwordHash: sql`${slot('hash')}`, passwordVersion: sql`${users.passwordVersion} + ${slot('more')}` })
      .where(eq(users.usernameKey, slot('name')))
      .returning()
  )
  const disable = db.prepare('test_disable', q => q.update(users).set({ active: false }).returning())
  return {
    /** Gives a user another hash; `more` is how much later the version of its password is. */
    give: (hash: string | null, { name = 'ada', more = 0 } = {}) => db.write(() => set({ hash, name, more })),
    disable: () => db.write(() => disable()),
    stored: async () => {
      const user = await app.core.users.findByUsername('ada')
      return [user?.passwordHash, user?.passwordVersion] as const
    }
  }
}

t.test('the first login with the hash of another system replaces it by one of ours', async t => {
  const { http, login, give, stored } = await service(t)
  for (const [name, hash] of Object.entries(vectors)) {
    await give(hash)
    t.equal((await login(WRONG)).statusCode, 401, name)
    t.same(await stored(), [hash, 1], 'a wrong password changes nothing')
    const session = (await login(PASSWORD)).json()
    t.match(await stored(), [OURS, 1], 'nor is it a change of the password')
    t.equal((await http.protected(session.access)).statusCode, 200)
    t.equal((await login(PASSWORD)).statusCode, 200, 'the same password is right from then on')
    t.equal((await login(WRONG)).statusCode, 401)
  }
})

t.test('two first logins at the same time both succeed', async t => {
  const { login, give, stored } = await service(t)
  await give(vectors.pbkdf2_sha256)
  const answers = await Promise.all([login(PASSWORD), login(PASSWORD)])
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [200, 200]
  )
  t.match(await stored(), [OURS, 1])
  t.equal((await login(PASSWORD)).statusCode, 200)
})

t.test('a password is right as it was typed there, and in any Unicode form after that', async t => {
  const { login, give } = await service(t)
  const typed = 'Gru\u0308ße'
  // Django's PBKDF2PasswordHasher, of the decomposed form.
  await give('pbkdf2_sha256$1000$nfdnfdnfdnfd$GIuHZxpDtGPoe/k6RVa2iLDUXXt+pIihq4TvMYtqQ/I=')
  t.equal((await login(typed.normalize('NFC'))).statusCode, 401)
  t.equal((await login(typed)).statusCode, 200)
  t.equal((await login(typed.normalize('NFC'))).statusCode, 200)
  t.equal((await login(typed)).statusCode, 200)
  await give(vectors.pbkdf2_sha256)
  t.equal((await login(PASSWORD.normalize('NFD'))).statusCode, 200, 'a decomposed form of what was composed')
})

t.test('what bcrypt did not look at counts after the first login', async t => {
  const { login, give, stored } = await service(t)
  const hash = 'bcrypt$$2b$04$2pEQJ/FNpWb56T/34DKoy.FUL3ExBF5uRa1Bb0OonTPGES0TzXzLm'
  await give(hash)
  t.equal((await login('x'.repeat(71))).statusCode, 401)
  t.equal((await login('x'.repeat(80))).statusCode, 200)
  t.match(await stored(), [OURS, 1])
  t.equal((await login('x'.repeat(72))).statusCode, 401)
  t.equal((await login('x'.repeat(80))).statusCode, 200)
})

t.test('somebody who was disabled, or has no password, does not get in', async t => {
  const { login, give, stored, disable } = await service(t)
  await give(null)
  t.equal((await login(PASSWORD)).statusCode, 401)
  await give(vectors.argon2)
  await disable()
  t.equal((await login(PASSWORD)).statusCode, 401)
  t.same(await stored(), [vectors.argon2, 1])
})

t.test('a password that changes while its old hash is verified stays changed, and the login fails', async t => {
  const { login, give, stored } = await service(t)
  await give(SLOW)
  const begun = login(PASSWORD)
  // Until it has read the hash, however far away the database is.
  await sleep(100)
  await give(vectors.bcrypt, { more: 1 })
  t.equal((await begun).statusCode, 401)
  t.same(await stored(), [vectors.bcrypt, 2])
})

t.test('the old password of a change may have the hash of another system', async t => {
  const { http, login, give, stored } = await service(t)
  const { access } = await http.login()
  await give(vectors.scrypt)
  const wrong = await http.changePassword(access, WRONG, 'another horse')
  t.match([wrong.statusCode, wrong.json()], [400, { code: 'wrong_password' }])
  t.same(await stored(), [vectors.scrypt, 1])
  t.equal((await http.changePassword(access, PASSWORD, 'another horse')).statusCode, 200)
  t.match(await stored(), [OURS, 2])
  t.equal((await login('another horse')).statusCode, 200)
})

t.test('requests are answered while the hash of another system is verified', async t => {
  const { http, login, give } = await service(t)
  const { access } = await http.login()
  await give(SLOW)
  let refused = false
  const begun = login(WRONG).then(() => {
    refused = true
  })
  let answered = 0
  while (!refused && answered < 50) {
    t.equal((await http.protected(access)).statusCode, 200)
    answered++
    await nextTurn()
  }
  // One after the other. Were the hash computed on the event loop, a few would slip in before and after it.
  t.equal(answered, 50)
  await begun
})

t.test('while users have hashes of another system, unknown names cost what those do', async t => {
  const databaseUrl = `sqlite:${t.testdir({})}/postern.db`
  const first = await build(t, { databaseUrl })
  await client(first).register()
  await rowOf(first).give(costing(400_000))
  await first.close()

  const app = await build(t, { databaseUrl })
  // The survey is part of the first round of housekeeping, which this waits for.
  await app.core.housekeeping.stop()
  const http = client(app)
  const took = async (username: string) => {
    const before = performance.now()
    t.equal((await http.post('/api/login/', { username, password: WRONG })).statusCode, 401)
    return performance.now() - before
  }
  const [known, unknown]: [number[], number[]] = [[], []]
  for (let pair = 0; pair < 7; pair++) {
    known.push(await took('ada'))
    unknown.push(await took(`nobody${pair}`))
  }
  const ratio = median(unknown) / median(known)
  // Wide, for a machine that does other things too: with a hash of ours the ratio would be a quarter.
  t.ok(ratio > 0.5 && ratio < 2, `medians differ by a factor of ${ratio.toFixed(2)}`)
})

t.test('doctor counts who still has the hash of another system, and says nothing when nobody has', async t => {
  const databaseUrl = `sqlite:${t.testdir({})}/postern.db`
  const app = await build(t, { databaseUrl })
  const http = client(app)
  await http.register()
  await http.register('grace')
  const { give } = rowOf(app)
  const said = async () => {
    const found = []
    for await (const finding of checkDatabase(resolveConfig({ databaseUrl })))
      if (finding[1].includes('imported')) found.push(finding)
    return found
  }
  t.same(await said(), [])
  for (const name of ['ada', 'grace']) await give(vectors.argon2, { name })
  t.match(await said(), [['ok', /^2 imported users have not logged in yet/]])
  await http.login('ada', PASSWORD)
  t.match(await said(), [['ok', /^1 imported user has not logged in yet/]])
})
