import t, { type Test } from 'tap'
import { type Database, StoreUnavailable, type Work } from '../../src/db/database.ts'
import { until } from '../cli/process.ts'
import { refusals } from './refusals.ts'
import { ada, at, openOne, statements } from './statements.ts'
import { type Kind, kinds } from './stores.ts'

const all = await kinds()
t.teardown(() => Promise.all(all.map(kind => kind.close())))

for (const { name, open } of all) {
  const one = (t: Test) => openOne(t, open)

  t.test(`${name}: numbers, times, flags, nothing and documents come back as they went in`, async t => {
    const { db, addUser, raise, user } = await one(t)
    const profile = { zebra: 1, ant: { z: [1.5, null, true], a: 'a\u0000b' }, emoji: '🦊', '2': 'x' }
    const [added] = await db.write(() => addUser({ ...ada, profile }))
    const [found] = await db.read(user({ id: '1' }))
    for (const row of [added, found]) {
      t.strictSame(row?.createdAt, at)
      t.strictSame([row?.active, row?.emailVerified, row?.emailKey, row?.lastLoginAt], [true, false, null, null])
      t.strictSame(row?.roles, ['user'])
      t.equal(JSON.stringify(row?.profile), JSON.stringify(profile), 'keys in their order')
    }
    await db.write(() => addUser({ ...ada, id: '2', name: 'eve' }))
    t.strictSame(await db.write(() => raise({ id: '2', by: 1 })), [{ version: 11 }], 'a number is added to a number')
    const most = Number.MAX_SAFE_INTEGER
    t.strictSame(await db.writeOnce(() => raise({ id: '2', by: most - 11 })), [{ version: most }])
  })

  t.test(`${name}: text is sorted by its bytes`, async t => {
    const { db, addUser, userIds } = await one(t)
    const ids = ['b', 'a', 'B', 'ä', '_', '-', 'ab', 'a-b', 'Z', '1', '10', '2', '～', '🦊']
    await db.write(function* () {
      for (const id of ids) yield* addUser({ ...ada, id, name: id })
    })
    t.strictSame(
      (await db.read(userIds())).map(({ id }) => id),
      ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    )
  })

  t.test(`${name}: a name with U+0000 is not found, and does no harm`, async t => {
    const { db, addUser, user } = await one(t)
    await db.write(() => addUser(ada))
    t.same(await db.read(user({ id: '1\0' })), [])
    t.equal((await db.read(user({ id: '1' }))).length, 1)
  })

  refusals(t, name, one)

  t.test(`${name}: of those who hold one name, over all instances, one at a time is at work`, async t => {
    const stores = await open(t, 2)
    const works = stores.flatMap(db => {
      const { add, jtis } = statements(db)
      return Array.from(
        { length: 4 },
        () => () =>
          db.write(function* (): Work<void> {
            yield* db.hold('test')
            const { length } = yield* jtis()
            yield* add({ jti: `${length}`, reason: 'r' })
          })
      )
    })
    await Promise.all(works.map(work => work()))
    const [db] = stores as [Database]
    t.same(
      (await db.read(statements(db).jtis())).map(({ jti }) => jti),
      [0, 1, 2, 3, 4, 5, 6, 7]
    )
  })

  t.test(`${name}: what one instance changes the others hear of, by row or by another epoch`, async t => {
    const [ours, theirs] = (await open(t, 2)) as [Database, Database]
    // Told twice is as good as told once.
    const heard = new Set<string>()
    const heardByUs = new Set<string>()
    theirs.onChange((table, key) => heard.add(`${table} ${key}`))
    ours.onChange((table, key) => heardByUs.add(`${table} ${key}`))
    const { addUser, raise, add, addClient, dropClients } = statements(ours)
    const before = theirs.epoch()
    t.equal(theirs.epoch(), before)
    await ours.write(() => addUser(ada))
    await ours.write(() => raise({ id: '1', by: 1 }))
    await ours.write(() => add({ jti: 'j', reason: 'r' }))
    const changes = ['revoked_jti j', 'users 1']
    if (ours.tells) t.same([...heardByUs].toSorted(), changes, 'whoever wrote knows it before the write resolves')
    const isNews = () => (theirs.tells ? heard.size >= 2 : theirs.epoch() !== before)
    await until(isNews)
    if (theirs.tells) {
      t.same([...heard].toSorted(), changes)
      t.equal(theirs.epoch(), before, 'what was told leaves the epoch alone')
    }
    await ours.write(() => addClient())
    await ours.write(() => dropClients())
    await until(() => theirs.epoch() !== before)
  })

  t.test(`${name}: a store that was closed refuses everything as unavailable`, async t => {
    const { db, insert, jtis } = await one(t)
    const last = insert('a')
    const closed = db.close()
    await t.rejects(insert('late'), StoreUnavailable)
    t.same(await last, [{ jti: 'a' }])
    await closed
    await db.close()
    await t.rejects(jtis(), StoreUnavailable)
    t.throws(() => db.epoch(), StoreUnavailable)
  })
}

t.test('a Postgres that is gone makes everything unavailable', async t => {
  const gone = all.find(({ name }) => name === 'PGlite') as Kind
  const [db] = (await gone.open(t)) as [Database]
  const { add, jtis } = statements(db)
  await gone.close()
  await t.rejects(db.read(jtis()), StoreUnavailable)
  await t.rejects(
    db.write(() => add({ jti: 'a', reason: 'r' })),
    StoreUnavailable
  )
  await t.rejects(
    db.writeOnce(() => add({ jti: 'a', reason: 'r' })),
    StoreUnavailable
  )
})
