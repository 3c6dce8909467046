import t from 'tap'
import { createGuessing } from '../src/core/guessing.ts'
import { PosternError } from '../src/errors.ts'
import { events, HOME, MINUTE, RIGHT, service } from './guessing-service.ts'
import { testClock } from './helper.ts'
import { refused } from './routes/answers.ts'

t.test('from the fifth wrong password on there is a wait, twice as long each time, of 15 minutes at most', async t => {
  const { register, clock, guess, login } = await service(t)
  await register()
  t.same(await guess('ada', 6), [0, 0, 0, 0, 0, 1])
  refused(t, await login('ada', RIGHT), 'rate_limited')
  for (const seconds of [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
    clock.advance(15 * MINUTE)
    t.same(await guess('ada', 2), [0, seconds])
  }
  clock.advance(15 * MINUTE - 1)
  t.same(await guess('ada', 1), [1])
  clock.advance(1)
  t.equal((await login('ada', RIGHT)).statusCode, 200)
})

t.test('every spelling of a name counts as one, and another name does not wait', async t => {
  const { register, guess, login } = await service(t)
  await register()
  await register('bob')
  for (const name of ['ada', 'ADA', ' ada ', 'ａｄａ', 'Ada\u00a0']) t.same(await guess(name, 1), [0], name)
  for (const name of ['ada', 'aDa', 'ADA ', '𝐚𝐝𝐚']) t.same(await guess(name, 1), [1], name)
  t.equal((await login('bob', RIGHT)).statusCode, 200)
  for (const address of [
    'ada@example.com',
    'ADA@example.com',
    'ada@EXAMPLE.com',
    'ada@example.com ',
    'Ada@Example.Com'
  ])
    t.same(await guess(address, 1), [0], address)
  t.same(await guess('ada@example.com', 1), [1])
})

t.test('nothing tells an account that exists from one that does not', async t => {
  const { register, login, clock } = await service(t)
  await register()
  const told = async (name: string) => {
    const answers = []
    for (let time = 0; time < 8; time++) {
      const { statusCode, body, headers } = await login(name, 'wrong')
      const { 'x-request-id': _id, date: _date, ...rest } = headers
      answers.push({ statusCode, body, rest })
    }
    return answers
  }
  t.same(await told('ada'), await told('nobody'))
  clock.advance(1000)
  t.same(await told('ada'), await told('nobody'))
  t.same(
    await told('ada@example.com'),
    await told('nobody@example.com'),
    'nor that a name and an address belong together'
  )
})

t.test('of five hundred guesses at once no more are tried than one after the other', async t => {
  const { register, app, login } = await service(t)
  await register()
  const statuses = await Promise.all(Array.from({ length: 500 }, async () => (await login('ada', 'wrong')).statusCode))
  t.equal(statuses.filter(status => status === 401).length, 5)
  // 503: it waited for the others for over two seconds, which happens on Postgres.
  t.equal(statuses.filter(status => status === 429 || status === 503).length, 495)
  t.equal(await events(app, 'authn_login_fail'), 5)
})

t.test('counts survive a restart', async t => {
  const clock = testClock()
  const databaseUrl = `sqlite:${t.testdir()}/postern.db`
  const before = await service(t, { databaseUrl }, clock)
  await before.register()
  t.same(await before.guess('ada', 6), [0, 0, 0, 0, 0, 1])
  await before.app.close()
  const after = await service(t, { databaseUrl }, clock)
  t.same(await after.guess('ada', 1), [1])
  clock.advance(1000)
  t.same(await after.guess('ada', 2), [0, 2])
})

t.test('a right password begins the count of the account anew, and not the one of the address', async t => {
  const { register, guess, login, clock } = await service(t)
  await register()
  await register('bob')
  t.same(await guess('ada', 4, HOME), [0, 0, 0, 0])
  t.equal((await login('ada', RIGHT, HOME)).statusCode, 200)
  t.same(await guess('ada', 5), [0, 0, 0, 0, 0], 'from elsewhere')
  t.same(await guess('bob', 2, HOME), [0, 1], 'the fifth of the address')
  refused(t, await login('bob', RIGHT, HOME), 'rate_limited')
  t.equal((await login('bob', RIGHT)).statusCode, 200)
  clock.advance(100_000)
  t.same(await guess('bob', 5, HOME), [0, 0, 0, 0, 0], 'after 100 s an address has five again')
  t.same(await guess('nobody', 1, HOME), [1])
  for (const ip of ['2001:db8:1:2::1', '2001:db8:1:2::2']) await guess(`x${ip}`, 2, ip)
  await guess('somebody', 1, '2001:db8:1:2::3')
  t.same(await guess('else', 1, '2001:db8:1:2::4'), [1], 'an IPv6 client is its /64')
})

t.test('counts that are over are deleted, and those of users who are there stay', async t => {
  const { register, guess, clock, app, login } = await service(t)
  const { loginFailures } = app.database.tables
  const all = app.database.prepare('test_failures', q => q.select().from(loginFailures))
  const kinds = async () => {
    await app.core.housekeeping.sweep()
    return (await app.database.read(all())).map(({ key }) => key.split(':', 1)[0]).toSorted()
  }
  await register()
  t.equal((await login('ada', RIGHT, HOME)).statusCode, 200)
  await guess('ada', 1)
  await guess('nobody', 1)
  t.same(await kinds(), ['account', 'address', 'address', 'name', 'name', 'place'])
  clock.advance(24 * 60 * MINUTE + 1)
  t.same(await kinds(), ['account', 'place'])
  clock.advance(90 * 24 * 60 * MINUTE)
  t.same(await kinds(), ['account'])
})

t.test('a password that could not be tried does not count', async t => {
  const { register, app, clock } = await service(t)
  await register()
  const user = await app.core.users.findByUsername('ada')
  const { database: db } = app
  const audit = { *record() {} } as unknown as Parameters<typeof createGuessing>[0]['audit']
  const secrets = { pseudonym: (name: string) => name }
  const guessing = createGuessing({ db, config: { authRateLimit: 'on' }, secrets, audit, now: clock.now })
  const fails = () => Promise.reject(new PosternError('overloaded'))
  for (let time = 0; time < 10; time++) {
    const attempt = await guessing.atLogin('ada', user, HOME)
    await t.rejects(attempt.verify(fails), { code: 'overloaded' })
  }
})
