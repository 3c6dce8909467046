import t from 'tap'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { type Instance, instance } from './instances.ts'
import { anyServer, skip } from './server.ts'

t.test('refreshes at the same moment', { skip }, async t => {
  const url = await postgresDatabase(t, await anyServer(t))
  const one = await instance(t, url)
  await one.register()
  async function logins(count: number): Promise<[Pair, Pair, Pair, ...Pair[]]> {
    const pairs: Pair[] = []
    while (pairs.length < count) pairs.push(await one.login())
    return pairs as [Pair, Pair, Pair, ...Pair[]]
  }
  /** By how many transactions the sessions became what they are. */
  const transactions = () =>
    asSuperuser(url, async client => {
      const { rows } = await client.query('SELECT count(DISTINCT xmin::text)::int AS count FROM sessions')
      return rows[0].count as number
    })

  t.test('each gets the successor of its own token, by few statements', async t => {
    const begun = await logins(40)
    t.equal(await transactions(), 40)
    const answers = await refreshAll(one, begun)
    t.ok(answers.every(({ statusCode }) => statusCode === 200))
    const next = answers.map(answer => answer.json().refresh as string)
    t.equal(new Set(next).size, 40)
    t.same(
      next.map(sessionOf),
      begun.map(({ refresh }) => sessionOf(refresh))
    )
    t.ok((await transactions()) < 10)
    const again = await refreshAll(
      one,
      next.map(refresh => ({ refresh }))
    )
    t.ok(
      again.every(({ statusCode }) => statusCode === 200),
      'and what they got is good'
    )
  })

  t.test('what is spent, forged for another session or sent twice hinders nobody', async t => {
    const [spent, ended, twice, ...others] = await logins(12)
    await one.logout(ended.refresh)
    const { refresh: newer } = (await one.refresh(spent.refresh)).json()
    await one.refresh(newer)
    const answers = await refreshAll(one, [spent, ended, twice, twice, ...others])
    t.same(
      answers.map(({ statusCode }) => statusCode),
      [401, 401, ...Array(2 + others.length).fill(200)]
    )
    t.equal(answers[2]?.json().refresh, answers[3]?.json().refresh, 'one successor')
  })

  t.test('a session that somebody else is changing makes no other one wait', async t => {
    const [held, ...others] = await logins(20)
    await asSuperuser(url, async client => {
      await client.query('BEGIN')
      await client.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [sessionOf(held.refresh)])
      let isHeld = true
      const [late, ...answers] = [held, ...others].map(({ refresh }) =>
        one.refresh(refresh).then(({ statusCode }) => ({ statusCode, isHeld }))
      )
      for (const answer of await Promise.all(answers)) t.same(answer, { statusCode: 200, isHeld: true })
      isHeld = false
      await client.query('COMMIT')
      t.same(await late, { statusCode: 200, isHeld: false })
    })
  })

  t.test('with a database that does nothing any more, everybody who waits hears so in time', async t => {
    let { refresh } = await one.login()
    const spent: string[] = []
    while (spent.length < 300) {
      spent.push(refresh)
      refresh = (await one.refresh(refresh)).json().refresh
    }
    await asSuperuser(url, async client => {
      await client.query('BEGIN; LOCK TABLE sessions')
      const began = performance.now()
      const answers = await Promise.all(spent.map(token => one.refresh(token)))
      const took = performance.now() - began
      for (const { statusCode } of answers) t.equal(statusCode, 503)
      t.ok(took < 4_000, `${took} ms`)
      await client.query('ROLLBACK')
    })
    t.equal((await one.refresh(refresh)).statusCode, 200, 'and goes on afterwards')
  })
})

interface Pair {
  refresh: string
}

const refreshAll = (one: Instance, tokens: Pair[]) => Promise.all(tokens.map(({ refresh }) => one.refresh(refresh)))
const sessionOf = (refresh: string): string =>
  JSON.parse(Buffer.from(refresh.split('.')[1] as string, 'base64url').toString()).sid
