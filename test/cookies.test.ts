import t from 'tap'
import { accountService } from './accounts/service.ts'
import { browser } from './cookies/jar.ts'
import { ACCESS, REFRESH, service } from './cookies/service.ts'
import { refused } from './routes/answers.ts'

const SESSION = { token_type: 'Bearer', expires_in: 300 }

const cleared = (answer: { cookies: Array<{ name: string; value: string; maxAge?: number }> }) =>
  answer.cookies.filter(({ value, maxAge }) => value === '' && maxAge === 0).map(({ name }) => name)

t.test('a login with transport=cookie puts both tokens where no script reads them, and none into the body', async t => {
  const { ada } = await service(t)
  const answer = await ada.login()
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), SESSION)
  t.equal(answer.headers['cache-control'], 'no-store')
  const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'
  const [access = '', refresh = '', ...more] = [answer.headers['set-cookie']].flat()
  t.match(access, new RegExp(`^${ACCESS}=[\\w-]+\\.[\\w-]+\\.[\\w-]+; Max-Age=300; ${attributes}$`))
  t.match(refresh, new RegExp(`^${REFRESH}=[\\w-]+\\.[\\w-]+\\.[\\w-]+; Max-Age=86400; ${attributes}$`))
  t.same(more, [])
  t.equal((await ada.protected()).json().user.username, 'ada')
})

t.test('without transport=cookie no cookie is set, and the query knows nothing else', async t => {
  const { ada, http } = await service(t)
  const answer = await ada.post('/api/login/', { username: 'ada', password: 'correct horse' })
  t.same(Object.keys(answer.json()), ['access', 'refresh', 'token_type', 'expires_in'])
  t.notOk(answer.headers['set-cookie'])
  const body = { username: 'ada', password: 'correct horse' }
  for (const query of ['transport=body', 'transport=', 'transport=cookie&transport=cookie', 'Transport=cookie', 'x=1'])
    t.equal((await http.post(`/api/login/?${query}`, body)).statusCode, 400, query)
})

t.test('a mailed login can put its tokens into cookies too', async t => {
  const { app, confirmed, post, letter } = await accountService(t, { publicUrl: 'https://auth.test' })
  await confirmed()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { token } = await letter()
  const ada = browser(app)
  const url = '/api/login/email/confirm/?transport=cookie'
  refused(t, await ada.post(url, { token }, { 'sec-fetch-site': 'cross-site' }), 'csrf_failed')
  const answer = await ada.post(url, { token })
  t.same([answer.statusCode, answer.json()], [200, SESSION], 'which the attempt before did not use up')
  t.same([...ada.jar.keys()], [ACCESS, REFRESH])
  t.equal((await ada.protected()).json().user.username, 'ada')
})

t.test('a refresh without a body rotates the cookies, and each lives as long as its token', async t => {
  const { ada, clock } = await service(t, { authRefreshTtl: '10m', authSessionTtl: '12m' })
  await ada.login()
  const before = new Map(ada.jar)
  clock.advance(4 * 60_000)
  for (const headers of [{}, { 'content-type': 'application/json' }]) {
    const answer = await ada.refresh(headers)
    t.same([answer.statusCode, answer.json()], [200, SESSION])
    t.same(
      answer.cookies.map(({ maxAge }) => maxAge),
      [300, 480],
      'the session ends twelve minutes after the login'
    )
    for (const name of [ACCESS, REFRESH]) t.not(ada.jar.get(name), before.get(name))
  }
  t.equal((await ada.protected()).statusCode, 200)
})

t.test('tabs that refresh at the same moment all stay logged in, with one and the same successor', async t => {
  const { ada, clock } = await service(t)
  await ada.login()
  clock.advance(1000)
  const answers = await Promise.all([ada.refresh(), ada.refresh(), ada.refresh()])
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200]
  )
  t.equal(new Set(answers.map(({ cookies }) => cookies[1]?.value)).size, 1)
  t.equal((await ada.refresh()).statusCode, 200)
  t.equal((await ada.protected()).statusCode, 200)
})

t.test('a refresh token that is not valid goes from the browser', async t => {
  const { ada, clock } = await service(t, { authRefreshGrace: '10s' })
  await ada.login()
  const stolen = new Map(ada.jar)
  await ada.refresh()
  clock.advance(11_000)
  for (const [name, value] of stolen) ada.jar.set(name, value)
  const answer = await ada.refresh()
  refused(t, answer, 'token_not_valid')
  t.same(cleared(answer), [ACCESS, REFRESH])
  t.equal(ada.jar.size, 0)
  refused(t, await ada.refresh(), 'validation_failed', ['body'])
})

t.test('a logout without a body ends the session and clears, also when the session had ended before', async t => {
  const { ada, http } = await service(t)
  for (const before of [async () => {}, () => http.post('/api/logout/', { refresh: ada.jar.get(REFRESH) })]) {
    await ada.login()
    const [access = '', refresh = ''] = ada.jar.values()
    await before()
    const answer = await ada.logout()
    t.same([answer.statusCode, answer.body, cleared(answer)], [204, '', [ACCESS, REFRESH]])
    t.equal((await http.protected(access)).statusCode, 401)
    t.equal((await http.refresh(refresh)).statusCode, 401)
  }
  refused(t, await ada.logout(), 'validation_failed', ['body'])
})

t.test('what stays ended is only what was: an outage keeps the cookies for another try', async t => {
  const { app, ada } = await service(t)
  await ada.login()
  await app.database.close()
  for (const answer of [await ada.logout(), await ada.refresh()]) {
    t.equal(answer.statusCode, 503)
    t.notOk(answer.headers['set-cookie'])
  }
  t.equal(ada.jar.size, 2)
})

t.test('whatever ends the session of the cookies clears them', async t => {
  const { ada } = await service(t)
  const current = async () => (await ada.get('/api/sessions/')).json().sessions[0].id
  const ways: Array<() => Promise<{ statusCode: number; cookies: never[] | object[] }>> = [
    () => ada.post('/api/logout-all/'),
    async () => ada.send('DELETE', `/api/sessions/${await current()}`),
    () => ada.send('DELETE', '/api/me/', { payload: { password: 'correct horse' } })
  ]
  for (const way of ways) {
    await ada.login()
    const answer = await way()
    t.equal(answer.statusCode, 204)
    t.same(cleared(answer as Parameters<typeof cleared>[0]), [ACCESS, REFRESH])
    t.equal(ada.jar.size, 0)
  }
})

t.test('a bearer header wins over a cookie, and a body over both, and neither touches the cookies', async t => {
  const { ada, http } = await service(t)
  await http.register('grace')
  await ada.login()
  const grace = await http.login('grace')
  const authorization = `Bearer ${grace.access}`
  t.equal((await ada.protected({ authorization })).json().user.username, 'grace')
  for (const wrong of ['Bearer x', 'Basic eDp5', 'Bearer'])
    refused(t, await ada.protected({ authorization: wrong }), 'token_not_valid', [], wrong)

  const renewed = await ada.post('/api/refresh/', { refresh: grace.refresh })
  t.match(renewed.json(), { access: String, refresh: String })
  const ended = await ada.post('/api/logout/', { refresh: renewed.json().refresh })
  const everywhere = await ada.post('/api/logout-all/', undefined, {
    authorization: `Bearer ${(await http.login('grace')).access}`
  })
  t.same([ended.statusCode, everywhere.statusCode], [204, 204])
  for (const answer of [renewed, ended, everywhere]) t.notOk(answer.headers['set-cookie'])
  t.equal((await ada.protected()).json().user.username, 'ada')
})
