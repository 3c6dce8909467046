import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { createStatusIndexes } from '../../src/core/status-indexes.ts'
import type { User } from '../../src/core/users.ts'
import { until } from '../cli/process.ts'
import { statements } from '../db/store.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'

import { instance, threeInstances } from './instances.ts'
import { anyServer, skip } from './server.ts'

const HOUR = 3_600_000
const GATE = 'gate of this test'

t.test('indexes of the status lists', { skip }, async t => {
  const server = await anyServer(t)

  /** Gives indexes out as an instance does. */
  function giver({ database }: FastifyInstance) {
    const indexes = createStatusIndexes(database, Date.now)
    const expiresAt = () => Date.now() + HOUR
    return {
      highest: () => database.read(indexes.highest()),
      take: () => database.write(() => indexes.takeForToken(expiresAt())),
      /** Takes one and does not commit before the gate is open. */
      takeAtGate: () =>
        database.write(function* () {
          const index = yield* indexes.takeForToken(expiresAt())
          yield* database.hold(GATE)
          return index
        })
    }
  }

  t.test('who takes one waits for nobody who has not committed yet', async t => {
    const url = await postgresDatabase(t, server)
    const one = await instance(t, url)
    const { take, takeAtGate } = giver(one.app)
    await one.register()
    const first = await take()
    await asSuperuser(url, async client => {
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [GATE])
      let isOpen = false
      const slow = takeAtGate().then(index => ({ index, isOpen }))
      const waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
      await until(async () => (await client.query(waits)).rowCount === 1)
      const others = [await take(), await take()]
      await one.login()
      isOpen = true
      await client.query('COMMIT')
      const { index, ...late } = await slow
      t.same(late, { isOpen: true })
      t.equal(new Set([first, index, ...others]).size, 4)
    })
  })

  t.test('many who log in at once, on three instances, get different ones, and new ones are made once', async t => {
    const url = await postgresDatabase(t, server)
    const apps = (await threeInstances(t, url)).map(({ app }) => app) as [FastifyInstance, ...FastifyInstance[]]
    const [{ database, core }] = apps
    const { highest } = giver(apps[0])
    const { addUser } = statements(database)
    const names = Array.from({ length: 90 }, (_, n) => `user-${n}`)
    await Promise.all(names.map(id => database.write(() => addUser({ id, username: id, email: `${id}@example.com` }))))
    const users = (await Promise.all(names.map(name => core.users.findByUsername(name)))) as User[]
    const origin = { ip: '192.0.2.1', userAgent: undefined }
    const logins = users.map((user, n) => {
      const { database, core } = apps[n % 3] as FastifyInstance
      return () => database.write(() => core.login.begin(user, ['pwd'], origin))
    })
    const taken: unknown[] = []
    for (let round = 1; round <= 16; round++) {
      const before = await highest()
      for (const begun of await Promise.all(logins.map(login => login()))) taken.push(begun?.session.statusIndex)
      const made = (await highest()) - before
      t.ok(made > 90 && made < 5000, `${made} were made`)
      // All but a few of those that are ready: in the next round some take the last while others make more.
      await asSuperuser(url, client =>
        client.query(
          `DELETE FROM status_entries WHERE status_index <= (SELECT max(status_index) FROM status_entries) - ${round * 3}`
        )
      )
    }
    t.equal(new Set(taken).size, 16 * 90)
  })

  t.test('those that were taken are not looked through again, while somebody reads for long', async t => {
    const url = await postgresDatabase(t, server)
    const { take } = giver((await instance(t, url, { databasePool: 2 })).app)
    await take()
    await asSuperuser(url, async client => {
      const read = async () => {
        const { rows } = await client.query(
          "SELECT idx_scan::int AS scans, idx_tup_read::int AS entries FROM pg_stat_user_indexes WHERE indexrelname = 'status_entries_free'"
        )
        return rows[0] as { scans: number; entries: number }
      }
      await asSuperuser(url, async reader => {
        await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM users')
        const before = await read()
        for (let n = 0; n < 300; n++) await take()
        // A connection tells of its statistics once a second, after a transaction.
        const told = await until(async () => {
          await take()
          const { scans, entries } = await read()
          return scans - before.scans >= 300 && { scans: scans - before.scans, entries: entries - before.entries }
        })
        const each = told.entries / told.scans
        t.ok(each < 5, `${each.toFixed(1)} entries of the index are read for each`)
      })
    })
  })
})
