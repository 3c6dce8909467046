import t from 'tap'
import { median } from '../../bench/statistics.ts'
import { postgresDatabase } from '../own-database.ts'
import { instance, way } from './instances.ts'
import { anyServer, skip } from './server.ts'

const EACH_WAY_MS = 20
const RTT_MS = 2 * EACH_WAY_MS

t.test('a database that is 40 ms away', { skip }, async t => {
  const url = await postgresDatabase(t, await anyServer(t))
  const near = await instance(t, url)
  await near.register()
  const passage = await way(t, url, EACH_WAY_MS)
  // What is asked one after the other goes over the same connection: after the first time it is warm.
  const far = await instance(t, passage.url(url), { databasePool: 2 })

  /** Round trips that something takes, without those of what goes on in the background. */
  async function measured(work: (n: number) => Promise<{ statusCode: number }>) {
    const took: number[] = []
    for (let n = 0; n < 8; n++) {
      const began = performance.now()
      const { statusCode } = await work(n)
      took.push((performance.now() - began) / RTT_MS)
      if (statusCode >= 300) throw new Error(`answered ${statusCode}`)
    }
    return { usual: median(took.slice(1)), least: Math.min(...took) }
  }

  t.test('costs a refresh one round trip', async t => {
    let { refresh } = await near.login()
    const { usual, least } = await measured(async () => {
      const answer = await far.refresh(refresh)
      refresh = answer.json().refresh
      return answer
    })
    t.ok(least >= 1)
    t.ok(usual < 1.6, `${usual.toFixed(2)} round trips`)
  })

  t.test('costs a check nothing', async t => {
    const { access } = await near.login()
    const { usual } = await measured(() => far.protected(access))
    t.ok(usual < 0.5, `${usual.toFixed(2)} round trips`)
  })

  t.test('costs a logout no more than its statements', async t => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => near.login()))
    const { usual } = await measured(n => far.logout(tokens[n]?.refresh ?? ''))
    t.comment(`${usual.toFixed(1)} round trips`)
    t.ok(usual < 11, `${usual.toFixed(2)} round trips`)
  })

  t.test('costs a login no more than its statements', async t => {
    const login = () => far.post('/api/login/', { username: 'ada', password: 'correct horse' })
    const { usual } = await measured(login)
    t.comment(`${usual.toFixed(1)} round trips and a hash`)
    t.ok(usual < 16, `${usual.toFixed(2)} round trips and a hash`)
  })
})
