import t from 'tap'
import { refused } from './answers.ts'
import { endings, type Pair, rows, service, sid } from './session-service.ts'

t.test('fifty parallel ends of one session: one succeeds and is on record', async t => {
  const { app, login, end, alive } = await service(t)
  const [mine, other] = [await login(), await login()]
  const answers = await Promise.all(Array.from({ length: 50 }, () => end(sid(other), mine)))
  const codes = answers.map(({ statusCode }) => statusCode).sort()
  t.same(codes, [204, ...Array.from({ length: 49 }, () => 404)])
  const [{ userId }] = (await rows(app, 'sessions')) as [{ userId: string }]
  t.match(
    await endings(app),
    [{ userId, sessionId: sid(other), ip: '127.0.0.1', detail: { reason: 'ended', by: sid(mine) } }],
    'once'
  )
  t.match(await rows(app, 'revokedJti'), [{ jti: sid(other), reason: 'ended' }])
  t.ok(await alive(t, mine))

  const own = await Promise.all(Array.from({ length: 50 }, () => end(sid(mine), mine)))
  t.same(own.filter(({ statusCode }) => statusCode === 204).length, 1)
  for (const { statusCode } of own) t.ok([204, 401, 404].includes(statusCode))
  t.equal((await endings(app)).length, 2)
})

for (const way of ['logoutAll', 'endOthers'] as const) {
  t.test(`refreshes that race with ${way} leave no session alive that it ends`, async t => {
    const http = await service(t)
    const [mine, ...others] = [await http.login(), await http.login(), await http.login()] as [Pair, Pair, Pair]
    let ending: ReturnType<typeof http.logoutAll> | undefined
    let done = false
    const finish = () => {
      done = true
    }
    const chains = others.map(async first => {
      const pairs = [first]
      while (!done) {
        const answer = await http.refresh((pairs.at(-1) as Pair).refresh)
        if (answer.statusCode === 200) pairs.push(answer.json())
        if (pairs.length > 3) ending ??= http[way](mine).finally(finish)
      }
      return pairs.slice(-3)
    })
    for (const pairs of await Promise.all(chains)) {
      for (const { access, refresh } of pairs.toReversed()) {
        refused(t, await http.protected(access), 'token_not_valid')
        refused(t, await http.refresh(refresh), 'token_not_valid')
      }
    }
    t.equal((await ending)?.statusCode, 204)
    t.equal(await http.alive(t, mine), way === 'endOthers')
  })
}

t.test('a session that was ended in the same moment ends no other any more', async t => {
  const { login, end, endOthers, logoutAll, alive } = await service(t)
  const strikes = [endOthers, logoutAll, (by: Pair, other: Pair) => end(sid(other), by)]
  for (const strike of strikes) {
    const [mine, thief] = [await login(), await login()]
    const answers = await Promise.all([end(sid(thief), mine), strike(thief, mine)])
    // Whoever is first; on SQLite that is who asked first.
    t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 401])
    for (const late of answers.filter(({ statusCode }) => statusCode === 401)) refused(t, late, 'token_not_valid')
    t.equal(await alive(t, mine), answers[0].statusCode === 204)
  }
})
