import t from 'tap'
import { percentile } from '../../bench/statistics.ts'
import type { Mail } from '../../src/core/mail.ts'
import { until } from '../cli/process.ts'
import { testClock } from '../helper.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { oauthClient, registered } from '../routes/oauth-client.ts'
import { type Instance, refusedAfter, threeInstances } from './instances.ts'
import { anyServer, skip } from './server.ts'

/** What is promised; it is usually a tenth of it. */
const IN_FORCE_MS = 1_000
const NEW_PASSWORD = 'another correct horse'

t.test('several instances over one database', { skip }, async t => {
  const server = await anyServer(t)

  const ends: Record<string, (one: Instance, tokens: { access: string; refresh: string }) => Promise<unknown>> = {
    'a logout': (one, { refresh }) => one.logout(refresh),
    'the end of a session': async (one, { access }) => {
      const { sessions } = (await one.get('/api/sessions/', access)).json()
      const { id } = sessions.find(({ current }: { current: boolean }) => current)
      return one.send({
        method: 'DELETE',
        url: `/api/sessions/${id}`,
        headers: { authorization: `Bearer ${access}` }
      })
    },
    'a logout everywhere': (one, { access }) => one.post('/api/logout-all/', {}, access),
    'a change of the password': async (one, _tokens) =>
      one.changePassword((await one.login()).access, 'correct horse', NEW_PASSWORD),
    'the revocation of a token': async (one, { access }) =>
      oauthClient(one.app, await registered(one.app)).revoke(access),
    'disabling the user': one => one.app.core.userControl.disable('ada'),
    'deleting the user': (one, { access }) =>
      one.send({
        method: 'DELETE',
        url: '/api/me/',
        payload: { password: NEW_PASSWORD },
        headers: { authorization: `Bearer ${access}` }
      })
  }

  t.test('what ends on one of them is refused by all', async t => {
    const [one, two, three] = await threeInstances(t, await postgresDatabase(t, server))
    await one.register()
    let password = 'correct horse'
    for (const [name, end] of Object.entries(ends)) {
      const tokens = await two.login('ada', password)
      for (const each of [one, two, three]) t.equal((await each.protected(tokens.access)).statusCode, 200)
      await end(one, tokens)
      t.equal((await one.protected(tokens.access)).statusCode, 401, `${name}: at once where it happened`)
      const took = await refusedAfter([two, three], tokens.access)
      t.ok(took < IN_FORCE_MS, `${name}: ${took.toFixed()} ms`)
      if (name.includes('password')) password = NEW_PASSWORD
      if (name.includes('disabling')) await one.app.core.userControl.enable('ada')
    }
  })

  t.test('all see a user alike after a burst of changes', async t => {
    const all = await threeInstances(t, await postgresDatabase(t, server))
    const [one] = all
    await one.register()
    const { access } = await one.login()
    for (const each of all) await each.protected(access)
    const patch = (each: Instance, username: string) =>
      each.send({
        method: 'PATCH',
        url: '/api/me/',
        payload: { username },
        headers: { authorization: `Bearer ${access}` }
      })
    const names = Array.from({ length: 30 }, (_, n) => `ada-${n}`)
    const answers = await Promise.all(names.map((name, n) => patch(all[n % 3] as Instance, name)))
    for (const { statusCode } of answers) t.equal(statusCode, 200)
    const [row] = await Promise.all([one.app.core.users.demandByName('ada@example.com')])
    for (const each of all)
      await until(async () => (await each.protected(access)).json().user.username === row.username)
    t.equal((await patch(one, 'ada')).statusCode, 200)
    t.equal((await one.protected(access)).json().user.username, 'ada', 'at once where it happened')
    const began = performance.now()
    for (const each of all) await until(async () => (await each.protected(access)).json().user.username === 'ada')
    t.ok(performance.now() - began < IN_FORCE_MS)
  })

  t.test('of fifty refreshes of one token, sent to all of them, each gets the one successor', async t => {
    const all = await threeInstances(t, await postgresDatabase(t, server))
    await all[0].register()
    for (let token = 0; token < 4; token++) {
      const { refresh } = await all[0].login()
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => (all[n % 3] as Instance).refresh(refresh)))
      t.same([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
      t.equal(new Set(answers.map(answer => answer.json().refresh)).size, 1)
    }
  })

  t.test('most logouts are in force everywhere in a fifth of that', async t => {
    const [one, two, three] = await threeInstances(t, await postgresDatabase(t, server))
    await one.register()
    const took: number[] = []
    for (let n = 0; n < 20; n++) {
      const { access, refresh } = await one.login()
      await Promise.all([two.protected(access), three.protected(access)])
      await one.logout(refresh)
      took.push(await refusedAfter([two, three], access))
    }
    t.ok(percentile(took, 0.5) < 200, `p50 ${percentile(took, 0.5).toFixed()} ms, most ${Math.max(...took).toFixed()}`)
    t.ok(Math.max(...took) < IN_FORCE_MS)
  })

  t.test('a rotation of the keys is followed by all, and no token fails meanwhile', async t => {
    const all = await threeInstances(t, await postgresDatabase(t, server))
    const [one, two, three] = all
    await one.register()
    const before = await two.login()
    await one.app.core.signingKeys.rotate({ force: true })
    const after = await one.login()
    for (const each of all)
      for (const { access } of [before, after]) t.equal((await each.protected(access)).statusCode, 200)
    const current = ({ app }: Instance) => app.core.signingKeys.list().find(({ state }) => state === 'current')?.kid
    const began = performance.now()
    await until(() => current(two) === current(one) && current(three) === current(one))
    t.ok(performance.now() - began < IN_FORCE_MS)

    await one.app.core.signingKeys.revokeAll()
    t.ok((await refusedAfter(all, after.access)) < IN_FORCE_MS, 'keys that are gone verify nothing')
  })

  t.test('a mail is sent once, a row purged once, and the trail sealed once, whoever does it', async t => {
    const url = await postgresDatabase(t, server)
    const clock = testClock(Date.now())
    const sent: string[] = []
    const mailer = {
      send: async (id: string, { to }: Mail) => void sent.push(`${to} ${id}`),
      close: async () => {}
    }
    const all = await threeInstances(t, url, {}, { mailer, now: clock.now })
    const names = Array.from({ length: 9 }, (_, n) => `user-${n}`)
    await Promise.all(names.map((name, n) => (all[n % 3] as Instance).register(name)))
    await until(async () => (await all[0].app.core.outbox.summary()).waiting === 0)
    t.equal(sent.length, names.length)
    t.equal(new Set(sent).size, names.length)

    await Promise.all(names.map((name, n) => (all[n % 3] as Instance).login(name)))
    clock.advance(2 * 86_400_000)
    await Promise.all(all.map(({ app }) => app.core.housekeeping.sweep()))
    const count = (table: string) =>
      asSuperuser(url, async one => (await one.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n)
    t.equal(await count('sessions'), 0)
    t.equal(
      await count("status_entries WHERE free_from > '2000-01-01'"),
      names.length,
      'each index is free again, once'
    )
    const covered = await asSuperuser(
      url,
      async one =>
        (await one.query('SELECT sum(rows)::int AS covered, count(*)::int AS seals FROM audit_seals')).rows[0]
    )
    t.same(covered, { covered: await count('audit_events'), seals: 1 })
  })
})
