import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { until } from '../cli/process.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { type Instance, instance, refusedAfter, way } from './instances.ts'
import { anyServer, skip } from './server.ts'

const IN_FORCE_MS = 1_000
const STALE_MS = 5_000
/** A connection that says nothing for 6 s is given up, and 2 s are waited for one. */
const GIVEN_UP_MS = 8_000

t.test('what one instance learns of the others', { skip }, async t => {
  const server = await anyServer(t)

  /** Logs in, so that both know the token, and logs out where nothing is in the way. */
  async function loggedOut(near: Instance, far: Instance): Promise<string> {
    const { access, refresh } = await near.login()
    await far.protected(access)
    await near.logout(refresh)
    return access
  }

  t.test('an instance that hears no notifications finds out in time', async t => {
    const url = await postgresDatabase(t, server)
    const passage = await way(t, url)
    passage.deafen()
    const [near, far] = [await instance(t, url), await instance(t, passage.url(url))]
    await near.register()
    for (let n = 0; n < 3; n++) {
      const took = await refusedAfter([far], await loggedOut(near, far))
      t.ok(took < IN_FORCE_MS, `${took.toFixed()} ms`)
    }
  })

  t.test('an instance whose connection for it is cut finds out in time', async t => {
    const url = await postgresDatabase(t, server)
    const passage = await way(t, url)
    const [near, far] = [await instance(t, url), await instance(t, passage.url(url))]
    await near.register()
    for (let n = 0; n < 3; n++) {
      const { access, refresh } = await near.login()
      t.equal((await far.protected(access)).statusCode, 200)
      passage.cut('listeners')
      await near.logout(refresh)
      const took = await refusedAfter([far], access)
      t.ok(took < IN_FORCE_MS + 200, `${took.toFixed()} ms`)
    }
  })

  t.test('an instance whose connection for it is silent asks the database after 5 s at the latest', async t => {
    const url = await postgresDatabase(t, server)
    const passage = await way(t, url)
    const [near, far] = [await instance(t, url), await instance(t, passage.url(url))]
    await near.register()
    const staying = await near.login()
    const { access, refresh } = await near.login()
    for (const each of [access, staying.access]) t.equal((await far.protected(each)).statusCode, 200)
    passage.freeze('listeners')
    await near.logout(refresh)
    const took = await refusedAfter([far], access)
    t.ok(took < STALE_MS + 500, `${took.toFixed()} ms`)
    t.equal((await far.protected(staying.access)).statusCode, 200)
    t.equal((await far.refresh(staying.refresh)).statusCode, 200, 'what it writes goes on')
    const own = await far.login()
    t.equal((await far.protected(own.access)).statusCode, 200)
    await far.logout(own.refresh)
    t.equal((await far.protected(own.access)).statusCode, 401, 'and is in force here at once')

    passage.freeze('nobody')
    await sleep(1_500)
    t.ok((await refusedAfter([far], await loggedOut(near, far))) < IN_FORCE_MS)
  })

  t.test('an instance that reaches no database answers 503 after 5 s at the latest, and recovers', async t => {
    const url = await postgresDatabase(t, server)
    const passage = await way(t, url)
    const [near, far] = [await instance(t, url), await instance(t, passage.url(url))]
    await near.register()
    const [gone, staying] = [await near.login(), await near.login()]
    for (const { access } of [gone, staying]) t.equal((await far.protected(access)).statusCode, 200)
    passage.freeze('all')
    const began = performance.now()
    await near.logout(gone.refresh)
    await sleep(STALE_MS)
    const answers = await Promise.all([gone, staying].map(({ access }) => far.protected(access)))
    for (const { statusCode } of answers) t.equal(statusCode, 503)
    t.ok(performance.now() - began < STALE_MS + GIVEN_UP_MS + 500)
    passage.freeze('nobody')
    const thawed = performance.now()
    await until(async () => (await far.protected(staying.access)).statusCode === 200)
    t.ok(performance.now() - thawed < 3_000)
    t.equal((await far.protected(gone.access)).statusCode, 401)
  })

  t.test('a transaction that commits late, after others that began later, is not overlooked', async t => {
    const url = await postgresDatabase(t, server)
    const [near, far] = [await instance(t, url), await instance(t, url)]
    await near.register()
    const { access } = await near.login()
    t.equal((await far.protected(access)).json().user.username, 'ada')
    await asSuperuser(url, async late => {
      await late.query('BEGIN')
      await late.query(`UPDATE users SET username = 'Ada'`)
      await near.register('eve')
      await near.login('eve')
      await sleep(1_200)
      t.equal((await far.protected(access)).json().user.username, 'ada')
      await late.query('COMMIT')
    })
    const began = performance.now()
    await until(async () => (await far.protected(access)).json().user.username === 'Ada')
    t.ok(performance.now() - began < IN_FORCE_MS)
  })
})
