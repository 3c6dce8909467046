import t, { type Test } from 'tap'
import { build, client, testClock } from './helper.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Pair {
  access: string
  refresh: string
}

/** Somebody who is signed in, at a service over a file that another start finds again. */
async function signedIn(t: Test, start?: number) {
  const settings = { databaseUrl: `sqlite:${t.testdir({})}/postern.db` }
  const clock = testClock(start)
  const app = await build(t, settings, { now: clock.now })
  const http = client(app)
  await http.register()
  const tokens: Pair = await http.login()
  const restart = async () => {
    await app.close()
    return client(await build(t, settings, { now: clock.now }))
  }
  return { app, clock, http, tokens, restart }
}

t.test('tokens that have expired stay so when the clock is set back', async t => {
  const { clock, http, tokens } = await signedIn(t)
  clock.advance(5 * MINUTE)
  t.equal((await http.protected(tokens.access)).statusCode, 401)
  clock.advance(-HOUR)
  t.equal((await http.protected(tokens.access)).statusCode, 401)
  clock.advance(25 * HOUR)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
  clock.advance(-25 * HOUR)
  t.equal((await http.refresh(tokens.refresh)).statusCode, 401)
})

t.test('tokens that are new after the clock was set back are good', async t => {
  const { clock, http } = await signedIn(t)
  clock.advance(-24 * HOUR)
  const tokens: Pair = await http.login()
  t.equal((await http.protected(tokens.access)).statusCode, 200)
  const next = await http.refresh(tokens.refresh)
  t.equal(next.statusCode, 200)
  t.equal((await http.protected(next.json().access)).statusCode, 200)
})

t.test('what a clock ahead saw end stays ended after a restart with the clock set back', async t => {
  const { clock, tokens, http, restart } = await signedIn(t)
  const { access }: Pair = (await http.refresh(tokens.refresh)).json()
  clock.advance(HOUR)
  await http.login()
  clock.advance(-HOUR)
  const again = await restart()
  t.equal((await again.protected(access)).statusCode, 401, 'a login was stored an hour after it was issued')
  t.equal((await again.protected((await again.login()).access)).statusCode, 200)
})

t.test('a refresh alone is enough for a restart to know what time it was', async t => {
  const { clock, tokens, http, restart } = await signedIn(t)
  clock.advance(HOUR)
  await http.refresh(tokens.refresh)
  clock.advance(-HOUR)
  const again = await restart()
  t.equal((await again.protected(tokens.access)).statusCode, 401)
})

t.test('a clock that is over two days behind the store stops the start, and changes nothing', async t => {
  const { app, clock, restart } = await signedIn(t)
  clock.advance(-49 * HOUR)
  await t.rejects(restart(), {
    name: 'StartError',
    message: /2026-01-29T11:00.*written to at 2026-01-31T12:00.*\(NTP\)/
  })
  clock.advance(2 * HOUR)
  t.equal((await (await restart()).login()).access.split('.').length, 3)
  t.ok(app)
})

t.test('a clock that was never set stops the start of an empty store too', async t => {
  await t.rejects(build(t, {}, { now: () => 60_000 }), { name: 'StartError', message: /says 1970-01-01T00:01/ })
})
