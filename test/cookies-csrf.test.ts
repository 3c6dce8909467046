import t, { type Test } from 'tap'
import { browser, OWN_PAGE } from './cookies/jar.ts'
import { bearer, host, settings } from './embedding/host.ts'
import { build, client } from './helper.ts'
import { refused } from './routes/answers.ts'

const OURS = 'https://auth.test'
const LISTED = 'https://app.test'

/** What a browser says of requests that may pass. */
const OWN: Array<Record<string, string | undefined>> = [
  OWN_PAGE,
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-origin', origin: 'null' },
  { 'sec-fetch-site': undefined, origin: OURS },
  { 'sec-fetch-site': undefined, origin: LISTED },
  { 'sec-fetch-site': 'same-site', origin: LISTED },
  { 'sec-fetch-site': 'cross-site', origin: LISTED }
]

/** And of those that a foreign page may have forged, or that nobody says anything about. */
const FOREIGN: Array<Record<string, string | undefined>> = [
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', origin: 'https://blog.test' },
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
  { 'sec-fetch-site': 'cross-site', origin: 'null' },
  { 'sec-fetch-site': 'same-origin, cross-site' },
  { 'sec-fetch-site': 'Same-Origin' },
  { 'sec-fetch-site': '' },
  { 'sec-fetch-site': undefined, origin: undefined },
  { 'sec-fetch-site': undefined, origin: 'null' },
  { 'sec-fetch-site': undefined, origin: '' },
  { 'sec-fetch-site': undefined, origin: `${LISTED}.evil.test` },
  { 'sec-fetch-site': undefined, origin: 'http://app.test' },
  { 'sec-fetch-site': undefined, origin: `${LISTED}:8443` },
  { 'sec-fetch-site': undefined, origin: `${OURS}/` },
  { 'sec-fetch-site': undefined, origin: undefined, referer: `${OURS}/` }
]

async function service(t: Test) {
  const app = await build(t, { publicUrl: `${OURS}/`, authCorsOrigins: [LISTED] })
  const http = client(app)
  await http.register()
  return { app, http, ada: browser(app) }
}

t.test('a foreign page changes nothing with the cookies of its visitor', async t => {
  const { app, http, ada } = await service(t)
  await ada.login()
  const before = new Map(ada.jar)
  const change = { old_password: 'correct horse', new_password: 'battery staple' }
  const password = { password: 'correct horse' }
  for (const page of FOREIGN) {
    const about = JSON.stringify(page)
    for (const [method, url, payload] of [
      ['POST', '/api/refresh/', undefined],
      ['POST', '/api/logout/', undefined],
      ['POST', '/api/login/?transport=cookie', { username: 'ada', ...password }],
      ['POST', '/api/login/email/confirm/?transport=cookie', { token: 'x' }],
      ['POST', '/api/change-password/', change],
      ['POST', '/api/change-email/', { ...password, new_email: 'eve@evil.test' }],
      ['POST', '/api/logout-all/', undefined],
      ['PATCH', '/api/me/', { username: 'eve' }],
      ['DELETE', '/api/me/', password],
      ['DELETE', '/api/sessions/', undefined],
      ['POST', '/api/invitations/', { email: 'eve@evil.test' }]
    ] as const) {
      const answer = await ada.send(method, url, { payload, headers: page })
      refused(t, answer, 'csrf_failed', [], `${method} ${url} ${about}`)
      t.notOk(answer.headers['set-cookie'])
      t.notOk(answer.headers['www-authenticate'])
    }
  }
  t.same(ada.jar, before)
  t.equal((await ada.protected()).json().user.username, 'ada')
  await t.resolves(http.login(), 'the password is what it was')
  const sessions = (await ada.get('/api/sessions/')).json().sessions
  t.equal(sessions.length, 2, 'and no login went through')
  t.equal((await app.core.users.findByUsername('ada'))?.email, 'ada@example.com')
})

t.test(
  'our own pages and those of AUTH_CORS_ORIGINS may do all that, under every way in which they say so',
  async t => {
    const { ada } = await service(t)
    for (const page of OWN) {
      const about = JSON.stringify(page)
      t.equal((await ada.login(page)).statusCode, 200, about)
      t.equal((await ada.refresh(page)).statusCode, 200, about)
      t.equal((await ada.send('DELETE', '/api/sessions/', { headers: page })).statusCode, 204, about)
      t.equal((await ada.logout(page)).statusCode, 204, about)
    }
  }
)

t.test('what only asks is answered wherever it comes from: a page elsewhere cannot read it', async t => {
  const { ada } = await service(t)
  await ada.login()
  for (const page of FOREIGN) t.equal((await ada.protected(page)).statusCode, 200, JSON.stringify(page))
})

t.test('tokens that no browser adds by itself are accepted from everywhere', async t => {
  const { ada, http } = await service(t)
  await ada.login()
  for (const page of FOREIGN) {
    const { access, refresh } = await http.login()
    t.equal((await ada.post('/api/login/', { username: 'ada', password: 'correct horse' }, page)).statusCode, 200)
    t.equal((await ada.post('/api/refresh/', { refresh }, page)).statusCode, 200)
    const ended = await ada.post('/api/logout-all/', undefined, { ...page, ...bearer(access) })
    t.equal(ended.statusCode, 204)
    await ada.login()
  }
})

t.test('without a cookie, a foreign page learns what everybody learns', async t => {
  const { ada } = await service(t)
  for (const page of FOREIGN) {
    refused(t, await ada.post('/api/logout-all/', undefined, page), 'not_authenticated')
    refused(t, await ada.refresh(page), 'validation_failed', ['body'])
    refused(t, await ada.logout(page), 'validation_failed', ['body'])
  }
})

t.test('forward-auth lets a request with the cookie pass, but none that a foreign page may have forged', async t => {
  const { app, ada } = await service(t)
  await ada.login()
  const ask = (method: string, headers: Record<string, string | undefined>, url = '/forward-auth') =>
    ada.send(method as 'GET', url, { headers })
  const asked = await ask('GET', {})
  t.match(asked, { statusCode: 200, headers: { 'remote-user': 'ada' } })
  for (const url of ['/forward-auth', '/forward-auth/for/reports']) {
    for (const page of OWN) {
      t.equal((await ask('POST', page, url)).statusCode, 200, JSON.stringify(page))
      t.equal((await ask('GET', { ...page, 'x-forwarded-method': 'POST' }, url)).statusCode, 200)
    }
    for (const page of FOREIGN) {
      refused(t, await ask('POST', page, url), 'csrf_failed', [], JSON.stringify(page))
      refused(t, await ask('GET', { ...page, 'x-forwarded-method': 'DELETE' }, url), 'csrf_failed')
      refused(t, await ask('GET', { ...page, 'x-original-method': 'POST' }, url), 'csrf_failed')
    }
  }
  const nginx = { 'sec-fetch-site': 'same-site', origin: 'https://blog.test' }
  refused(t, await ask('GET', nginx), 'csrf_failed', [], 'nginx asks with GET for a POST; the Origin shows it')
  t.equal((await ask('GET', { 'sec-fetch-site': 'cross-site' })).statusCode, 200, 'a link from elsewhere opens')
  const { access } = await client(app).login()
  for (const page of FOREIGN) t.equal((await ask('POST', { ...page, ...bearer(access) })).statusCode, 200)
})

t.test('the guards of a host take the cookie too, and only from its own pages', async t => {
  const app = await host(t, settings(t, { publicUrl: 'https://app.test/auth', authEmailVerification: 'off' }), app => {
    app.post('/orders', { onRequest: app.auth.requireUser }, async request => app.auth.claims(request).username)
    app.post('/imports', { onRequest: app.auth.requireScope('x') }, async () => 'imported')
  })
  const ada = browser(app)
  const account = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }
  await ada.post('/auth/api/register/', account)
  const { email: _, ...credentials } = account
  t.equal((await ada.post('/auth/api/login/?transport=cookie', credentials)).statusCode, 200)
  t.same([...ada.jar.keys()], ['__Host-postern_access.auth', '__Host-postern_refresh.auth'])
  t.equal((await ada.post('/orders')).body, 'ada')
  for (const page of FOREIGN) t.match((await ada.post('/orders', undefined, page)).json(), { statusCode: 403 })
  t.match((await ada.post('/imports')).json(), { code: 'not_authenticated' }, 'machines have no cookies')
})
