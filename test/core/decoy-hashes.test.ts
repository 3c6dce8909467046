import t, { type Test } from 'tap'
import { resolveConfig } from '../../src/config.ts'
import { createDecoyHashes } from '../../src/core/decoy-hashes.ts'
import { openSecrets } from '../../src/core/secrets.ts'
import { slot } from '../../src/core/statements.ts'
import { foreignHash } from '../../src/db/schema.ts'
import { build } from '../helper.ts'
import { costing, vectors } from './foreign-vectors.ts'

const OURS = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
const names = Array.from({ length: 200 }, (_, n) => `nobody${n}`)
const times = <T>(count: number, what: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => what(n))

/** A database for users with chosen hashes, and what stands in for those of unknown names. */
async function store(t: Test) {
  const { database: db } = await build(t)
  const { users } = db.tables
  const insert = db.prepare('test_add', q =>
    q
      .insert(users)
      .values({
        id: slot('id'),
        username: slot('id'),
        usernameKey: slot('id'),
        emailVerified: false,
        passwordHash: slot('passwordHash'),
        passwordVersion: 1,
        roles: [],
        profile: {},
        active: true,
        createdAt: new Date(0)
      })
      .returning()
  )
  const upgradeAll = db.prepare('test_upgrade', q =>
    q.update(users).set({ passwordHash: OURS }).where(foreignHash(users)).returning()
  )
  const secrets = await openSecrets(resolveConfig({ authSecret: 'a secret of 32 bytes for this test' }), false)
  const decoys = createDecoyHashes(db, secrets)
  let added = 0
  return {
    decoys: () => names.map(name => decoys.for(name)),
    survey: decoys.survey,
    upgradeAll: () => db.write(() => upgradeAll()),
    add: (hashes: Array<string | null>) =>
      db.write(function* () {
        for (const passwordHash of hashes) yield* insert({ id: `user${++added}`, passwordHash })
      })
  }
}

t.test('without hashes of another system every unknown name costs what ours cost', async t => {
  const { add, survey, decoys } = await store(t)
  const none = names.map(() => undefined)
  t.same(decoys(), none)
  await survey()
  t.same(decoys(), none)
  await add([OURS, null])
  await survey()
  t.same(decoys(), none)
})

t.test('with half of the users foreign, half of the unknown names are, each always', async t => {
  const { add, survey, decoys } = await store(t)
  const foreign = times(600, n => costing(1000, `salt${n}`))
  // Those without a password have no say: they are unknown names themselves, in what they cost.
  await add([...foreign, ...times(600, () => OURS), ...times(900, () => null)])
  await survey()
  const first = decoys()
  const count = first.filter(decoy => decoy !== undefined).length
  t.ok(count > 65 && count < 135, `${count} of 200`)
  t.ok(first.every(decoy => decoy === undefined || foreign.includes(decoy)))
  t.same(decoys(), first)
  await survey()
  t.same(decoys(), first, 'a new survey of the same users changes no name')
})

t.test('costs occur among unknown names as often as among users', async t => {
  const { add, survey, decoys } = await store(t)
  const cheap = costing(1000)
  await add([...times(70, () => cheap), ...times(20, () => vectors.bcrypt), ...times(10, () => vectors.bcrypt_sha256)])
  await survey()
  const found = decoys()
  t.notOk(found.includes(undefined), 'nobody has a hash of ours')
  const share = found.filter(decoy => decoy === cheap).length / names.length
  t.ok(share > 0.55 && share < 0.85, `${share} of 0.7`)
})

t.test('as users get hashes of ours, so do unknown names, and none goes back', async t => {
  const { add, survey, decoys, upgradeAll } = await store(t)
  await add(times(300, n => costing(1000, `salt${n}`)))
  await survey()
  const all = decoys()
  t.notOk(all.includes(undefined))
  await add(times(300, () => OURS))
  await survey()
  const half = decoys()
  t.ok(half.includes(undefined))
  await add(times(300, () => OURS))
  await survey()
  const third = decoys()
  t.ok(third.every((decoy, n) => decoy === undefined || half[n] !== undefined))
  await upgradeAll()
  await survey()
  t.same(
    decoys(),
    names.map(() => undefined)
  )
})

t.test('a hash that cannot be read, and more costs than are told apart, do no harm', async t => {
  const { add, survey, decoys } = await store(t)
  await add(['sha1$a$b', ...times(100, n => costing(n + 1))])
  await survey()
  const found = new Set(decoys())
  t.ok(found.size > 20 && found.size <= 33, `${found.size} kinds`)
  t.notOk(found.has('sha1$a$b'))
})
