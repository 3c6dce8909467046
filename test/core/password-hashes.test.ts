import { hashSync } from '@node-rs/argon2'
import t from 'tap'
import { median } from '../../bench/statistics.ts'
import { createPasswordHashes } from '../../src/core/password-hashes.ts'
import { build, client } from '../helper.ts'

t.test('a hash is argon2id with the parameters of the policy, and verifies its password alone', async t => {
  const hashes = createPasswordHashes({ for: () => undefined }, { lags: () => false, caller: () => () => false })
  t.teardown(() => hashes.close())
  const phc = await hashes.hash('correct horse')
  t.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  t.not(await hashes.hash('correct horse'), phc, 'each with a salt of its own')
  t.equal(await hashes.verify(phc, 'correct horse'), true)
  t.equal(await hashes.verify(phc, 'correct horsf'), false)
  t.equal(await hashes.verify(null, 'correct horse'), false)
  t.equal(hashes.isOutdated(phc), false)
  t.equal(hashes.isOutdated(phc.replace('m=19456', 'm=4096')), true)
})

t.test('beyond the queue a login is refused with 503 and Retry-After, and those in it are answered', async t => {
  const http = client(await build(t))
  await http.register()
  const logins = Array.from({ length: 160 }, () =>
    http.post('/api/login/', { username: 'ada', password: 'correct horse' })
  )
  const opened = await http.get('/health/live')
  t.equal(opened.statusCode, 200, 'what needs no hash does not wait')
  const answers = await Promise.all(logins)
  const refused = answers.filter(({ statusCode }) => statusCode === 503)
  t.ok(refused.length > 0)
  t.ok(answers.filter(({ statusCode }) => statusCode === 200).length > 8)
  for (const answer of refused) {
    t.equal(answer.json().code, 'overloaded')
    t.match(answer.headers['retry-after'], /^[1-9]$/)
  }
  t.equal((await http.post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 200)
})

t.test('a flood before the first login leaves unknown users with the same answer as ever', async t => {
  const http = client(await build(t))
  const flood = Array.from({ length: 200 }, (_, i) => http.register(`user${i}`))
  const unknown = () => http.post('/api/login/', { username: 'nobody', password: 'wrong horse' })
  const during = await Promise.all([...flood, unknown()])
  t.ok(during.some(({ statusCode }) => statusCode === 503))
  t.equal((await unknown()).statusCode, 401)
})

t.test('a login of an unknown user costs as much as one with a wrong password', async t => {
  const http = client(await build(t))
  await http.register()
  const took = async (username: string) => {
    const before = process.hrtime.bigint()
    const answer = await http.post('/api/login/', { username, password: 'wrong horse' })
    t.equal(answer.statusCode, 401)
    return Number(process.hrtime.bigint() - before) / 1e6
  }
  const [known, unknown]: [number[], number[]] = [[], []]
  for (let pair = 0; pair < 25; pair++) {
    known.push(await took('ada'))
    unknown.push(await took(`nobody${pair}`))
  }
  const ratio = median(unknown) / median(known)
  // Wide, for a machine that does other things too: without the hash the ratio would be below a tenth.
  t.ok(ratio > 0.5 && ratio < 2, `medians differ by a factor of ${ratio.toFixed(2)}`)
})

t.test('a hash with less than the cost of today is replaced at the next login', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const { users } = app.database.tables
  const weak = hashSync('correct horse', { memoryCost: 4096, timeCost: 1, parallelism: 1 })
  const weaken = app.database.prepare('test_weaken', q => q.update(users).set({ passwordHash: weak }).returning())
  await app.database.write(() => weaken())
  await http.login()
  const user = await app.core.users.findByUsername('ada')
  t.match(user?.passwordHash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  await t.resolves(http.login())
})
