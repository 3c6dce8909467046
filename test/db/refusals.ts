import { inspect } from 'node:util'
import type { Test } from 'tap'
import { UniqueViolation } from '../../src/db/database.ts'
import { ada, type openOne } from './statements.ts'

/** What every store refuses, and how. */
export function refusals(t: Test, name: string, one: (t: Test) => ReturnType<typeof openOne>): void {
  t.test(`${name}: a unique violation names its column, and no value`, async t => {
    const { db, addUser, insert } = await one(t)
    const secret = 'hidden-from-logs'
    const add = (id: string, name: string, email: string | null) => db.write(() => addUser({ ...ada, id, name, email }))
    await add('1', secret, `${secret}@example.org`)
    await insert(secret)
    const refused = [
      [() => add('2', secret, null), 'username_key'],
      [() => add('2', 'grace', `${secret}@example.org`), 'email_key'],
      [() => add('1', 'grace', null), 'id'],
      [() => insert(secret), 'jti']
    ] as const
    for (const [work, column] of refused) {
      const error = await work().then(
        () => undefined,
        (error: unknown) => error
      )
      t.match(error, { name: 'UniqueViolation', column })
      t.notMatch(inspect(error, { depth: 9, showHidden: true }), secret)
    }
  })

  t.test(`${name}: what else is refused says no parameter and no row either`, async t => {
    const { db, add, raise } = await one(t)
    const secret = 'hidden-from-logs'
    const works = [() => add({ jti: secret, reason: null }), () => raise({ id: secret, by: `${secret}, "quoted"` })]
    for (const work of works) {
      const error = await db.write<unknown>(work).then(
        () => undefined,
        (error: unknown) => error
      )
      // SQLite adds texts as if they were numbers.
      if (error === undefined && name === 'SQLite') continue
      t.type(error, Error)
      t.notMatch(error, { name: 'StoreUnavailable' })
      t.notMatch(inspect(error, { depth: 9, showHidden: true }), secret)
    }
  })

  t.test(`${name}: work that throws is rolled back alone and rejects with its own error`, async t => {
    const { db, add, insert, jtis } = await one(t)
    const refusal = new Error('refused')
    const outcomes = await Promise.allSettled([
      insert('a'),
      db.write(function* () {
        yield* add({ jti: 'undone', reason: 'r' })
        throw refusal
      }),
      insert('b')
    ])
    t.same(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled']
    )
    t.equal((outcomes[1] as PromiseRejectedResult).reason, refusal)
    t.strictSame(await jtis(), ['a', 'b'])
  })

  t.test(`${name}: a broken constraint is thrown into the work, which ends with it and leaves nothing`, async t => {
    const { db, add, insert, jtis } = await one(t)
    await insert('a')
    let caught: unknown
    const work = db.write(function* () {
      try {
        yield* add({ jti: 'b', reason: 'r' })
        yield* add({ jti: 'a', reason: 'r' })
      } catch (error) {
        caught = error
        throw new RangeError('taken')
      }
    })
    await t.rejects(work, RangeError)
    t.type(caught, UniqueViolation)
    t.strictSame(await jtis(), ['a'])
    await insert('c')
    t.strictSame(await jtis(), ['a', 'c'])
  })
}
