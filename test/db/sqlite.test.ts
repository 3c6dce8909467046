import Sqlite from 'better-sqlite3'
import t from 'tap'
import { StoreUnavailable, UniqueViolation } from '../../src/db/database.ts'
import { commitsIn, open } from './store.ts'

t.test('writes of one turn of the event loop share one commit', async t => {
  const { path, insert, jtis } = await open(t)
  const before = commitsIn(path)
  await Promise.all(Array.from({ length: 100 }, (_, i) => insert(`${i}`)))
  t.equal(commitsIn(path), before + 1)
  t.equal((await jtis()).length, 100)
  await insert('alone')
  t.equal(commitsIn(path), before + 2)
})

t.test('a commit holds 256 writes at most, so that the event loop goes on turning', async t => {
  const { path, insert } = await open(t)
  const before = commitsIn(path)
  await Promise.all(Array.from({ length: 600 }, (_, i) => insert(`${i}`)))
  t.equal(commitsIn(path), before + 3)
})

t.test('a write runs after the turn that asked for it and resolves when another connection can see it', async t => {
  const { path, db, add, jtis } = await open(t)
  const other = new Sqlite(path)
  const seen = () => other.prepare('SELECT count(*) FROM revoked_jti').pluck().get()
  const events: string[] = []
  const write = (jti: string) =>
    db
      .write(function* () {
        events.push(`run ${jti}`)
        yield* add({ jti, reason: 'r' })
      })
      .then(() => events.push(`done ${jti} ${seen()}`))
  const both = [write('a'), write('b')]
  t.same(events, [])
  t.same(await jtis(), [])
  await Promise.all(both)
  t.same(events, ['run a', 'run b', 'done a 2', 'done b 2'])
  other.close()
})

t.test('work that throws is rolled back alone and rejects with its own error', async t => {
  const { path, db, add, insert, jtis } = await open(t)
  const before = commitsIn(path)
  const refusal = new Error('refused')
  const outcomes = await Promise.allSettled([
    insert('before'),
    db.write(function* () {
      yield* add({ jti: 'undone', reason: 'r' })
      throw refusal
    }),
    insert('after')
  ])
  t.same(
    outcomes.map(outcome => outcome.status),
    ['fulfilled', 'rejected', 'fulfilled']
  )
  t.equal((outcomes[1] as PromiseRejectedResult).reason, refusal)
  t.same(await jtis(), ['before', 'after'])
  t.equal(commitsIn(path), before + 1)
})

t.test('work that throws before its first statement harms no other', async t => {
  const { db, insert, jtis } = await open(t)
  const broken = db.write(() => {
    throw new RangeError('no work')
  })
  await Promise.all([t.rejects(broken, RangeError), insert('a')])
  t.same(await jtis(), ['a'])
})

t.test('a unique violation names its column', async t => {
  const { db, addUser, insert } = await open(t)
  const user = (id: string, username: string, email: string | null) => db.write(() => addUser({ id, username, email }))
  await user('1', 'ada', 'ada@example.org')
  await user('2', 'charles', null)
  await t.rejects(user('3', 'ada', null), { name: 'UniqueViolation', column: 'username_key' })
  await t.rejects(user('3', 'grace', 'ada@example.org'), { name: 'UniqueViolation', column: 'email_key' })
  await t.rejects(user('1', 'grace', null), { name: 'UniqueViolation', column: 'id' })
  await insert('a')
  await t.rejects(insert('a'), { name: 'UniqueViolation', column: 'jti' })
})

t.test('work can catch a unique violation and go on', async t => {
  const { db, add, insert, jtis } = await open(t)
  await insert('a')
  const answer = await db.write(function* () {
    yield* add({ jti: 'b', reason: 'r' })
    try {
      yield* add({ jti: 'a', reason: 'r' })
    } catch (error) {
      t.type(error, UniqueViolation)
      yield* add({ jti: 'c', reason: 'r' })
    }
    return 'went on'
  })
  t.equal(answer, 'went on')
  t.same(await jtis(), ['a', 'b', 'c'])
})

t.test('a row that refers to nothing is refused, and deleting an account takes its sessions along', async t => {
  const { db, connection, addUser, addSession } = await open(t)
  await t.rejects(
    db.write(() => addSession({ id: 's', userId: 'nobody' })),
    { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' }
  )
  await db.write(function* () {
    yield* addUser({ id: '1', username: 'ada', email: null })
    yield* addSession({ id: 's', userId: '1' })
  })
  const { users, sessions } = db.tables
  const remove = db.prepare('remove', q => q.delete(users).returning({ id: users.id }))
  await db.write(() => remove())
  t.equal(connection.prepare('SELECT count(*) FROM sessions').pluck().get(), 0)
  t.same(await db.read(db.prepare('sessions', q => q.select().from(sessions))()), [])
})

t.test('times, flags and documents come back as they went in', async t => {
  const { db, addUser } = await open(t, ':memory:')
  const [user] = await db.write(() => addUser({ id: '1', username: 'ada', email: null }))
  t.match(user, { createdAt: new Date('2026-01-02T03:04:05.678Z'), active: true, emailVerified: false })
  t.match(user, { roles: ['user'], profile: { born: 1815 }, emailKey: null, lastLoginAt: null })
})

t.test('a missing value rejects and is not written as null', async t => {
  const { db, add, jtis } = await open(t)
  await t.rejects(db.write(() => add({ jti: 'a' })))
  t.same(await jtis(), [])
})

t.test('work may ask for another write, which gets a transaction of its own', async t => {
  const { path, db, add, insert, jtis } = await open(t)
  const before = commitsIn(path)
  const second = await db.write(function* () {
    yield* add({ jti: 'a', reason: 'r' })
    return { second: insert('b') }
  })
  await second.second
  t.same(await jtis(), ['a', 'b'])
  t.equal(commitsIn(path), before + 2)
})

t.test('more than 10,000 waiting writes are refused', async t => {
  const { insert, jtis } = await open(t)
  const outcomes = await Promise.allSettled(Array.from({ length: 10_001 }, (_, i) => insert(`${i}`)))
  const refused = outcomes.filter(outcome => outcome.status === 'rejected')
  t.equal(refused.length, 1)
  t.type(refused[0]?.reason, StoreUnavailable)
  t.equal((await jtis()).length, 10_000)
})

t.test('close waits for the writes asked for before it and refuses those after it', async t => {
  const { path, db, add, insert, jtis } = await open(t)
  const writes = Array.from({ length: 600 }, (_, i) => insert(`${i}`))
  const closed = db.close()
  await t.rejects(insert('late'), StoreUnavailable)
  t.same(await jtis(), [], 'reads answer until the last write is done')
  t.equal((await Promise.all(writes)).length, 600)
  await closed
  await db.close()
  await t.rejects(jtis(), StoreUnavailable)
  await t.rejects(
    db.write(() => add({ jti: 'x', reason: 'r' })),
    StoreUnavailable
  )
  t.equal((await (await open(t, path)).jtis()).length, 600)
})

t.test('reads of one turn share a snapshot, and the next turn sees what others committed', async t => {
  const { path, jtis, insert } = await open(t)
  const other = new Sqlite(path)
  t.teardown(() => other.close())
  const add = (jti: string) =>
    other
      .prepare('INSERT INTO revoked_jti (jti, sid, reason, revoked_at, expires_at) VALUES (?, ?, ?, 0, 0)')
      .run(jti, jti, 'r')
  const first = jtis()
  add('theirs')
  const second = jtis()
  t.same(await Promise.all([first, second]), [[], []])
  await new Promise(resolve => setImmediate(resolve))
  t.same(await jtis(), ['theirs'])
  const reading = jtis()
  await insert('ours')
  t.same(await jtis(), ['theirs', 'ours'], 'our own commit is seen at once')
  t.same(await reading, ['theirs'])
})
