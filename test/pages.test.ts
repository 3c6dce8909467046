import t from 'tap'
import postern from '../src/index.ts'
import { host, opinionated, settings } from './embedding/host.ts'
import { build } from './helper.ts'
import { alertOf, FORM, forms, OURS, titleOf } from './pages/form.ts'

const PAGES = ['verify-email', 'reset-password', 'change-email', 'login', 'accept-invite']

t.test('every page is closed to everybody else, kept by nobody and found by no search engine', async t => {
  const app = await build(t)
  for (const page of PAGES) {
    const { statusCode, headers, body } = await app.inject(`/account/${page}`)
    t.equal(statusCode, 200, page)
    t.match(headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
      'x-frame-options': 'DENY'
    })
    t.notMatch(body, /<script>|<style|style="|\son\w+="|javascript:/)
    t.same((await app.inject({ method: 'HEAD', url: `/account/${page}/` })).statusCode, 200)
    for (const method of ['PUT', 'DELETE', 'OPTIONS'] as const)
      t.equal((await app.inject({ method, url: `/account/${page}` })).json().code, 'not_found')
  }
  t.equal((await app.inject('/account/nothing')).statusCode, 404)
})

t.test('script and style sheets may be kept for good, under names that change with them', async t => {
  const app = await build(t)
  const { body } = await app.inject('/account/login')
  const urls = [...body.matchAll(/(?:src|href)="(\/account\/files\/[^"]+)"/g)].map(([, url = '']) => url)
  t.equal(urls.length, 3)
  for (const url of urls) {
    const { statusCode, headers } = await app.inject(url)
    t.equal(statusCode, 200, url)
    t.match(headers, { 'cache-control': 'public, max-age=31536000, immutable', 'x-content-type-options': 'nosniff' })
    t.match(headers['content-type'], url.endsWith('.js') ? 'text/javascript' : 'text/css')
  }
  for (const name of ['page.js', 'style.css', '..%2ftexts.en.json', 'constructor'])
    t.equal((await app.inject(`/account/files/${name}`)).json().code, 'not_found', name)
})

t.test('what somebody types is shown as text', async t => {
  const { post } = await forms(t)
  const email = `"><script>alert(1)</script>{{service}}`
  const { body, statusCode } = await post('verify-email', { email, code: "'><img src=x onerror=alert(1)>" })
  t.equal(statusCode, 400)
  t.notMatch(body, /<script>|<img/)
  t.match(body, '{{service}}')
})

t.test('a form that another site sends is refused, and one of ours is not', async t => {
  const { post, publicUrl } = await forms(t)
  const status = async (headers: object) => (await post('verify-email', '', headers)).statusCode
  for (const site of ['cross-site', 'same-site'])
    t.equal(await status({ 'sec-fetch-site': site, origin: publicUrl }), 403, site)
  for (const origin of ['https://evil.test', `${publicUrl}0`, 'file://']) t.equal(await status({ origin }), 403, origin)
  for (const origin of [publicUrl, 'null']) t.equal(await status({ origin }), 400, origin)
  t.equal(await status({}), 400)
  for (const site of ['same-origin', 'none']) t.equal(await status({ 'sec-fetch-site': site, origin: 'null' }), 400)
  const refused = await post('verify-email', '', { 'sec-fetch-site': 'cross-site' })
  t.match(titleOf(refused.body), /^Error: /)
})

t.test('a body that is no form, or is not UTF-8, is refused as a page', async t => {
  const { post } = await forms(t)
  const cases = [
    [{ 'content-type': 'application/json' }, '{}', 415],
    [{ 'content-type': 'text/plain' }, 'x', 415],
    [{}, 'email=%ff&code=x', 400],
    [{}, 'email=%', 400],
    [{}, `email=${'x'.repeat(70_000)}`, 413]
  ] as const
  const raw = await post('verify-email', Buffer.from('email=\xff&code=x', 'latin1'))
  t.match(alertOf(raw.body), 'Please correct', 'it is the form that is wrong, not the code')
  for (const [headers, body, status] of cases) {
    const answer = await post('verify-email', body, headers)
    t.equal(answer.statusCode, status, body.slice(0, 20))
    t.match(answer.headers['content-type'], 'text/html')
  }
})

t.test('forms count against the same limits as the API', async t => {
  const { post, mails } = await forms(t, { authRateLimit: 'on' })
  for (let left = 10; left > 0; left--) await post('reset-password/request', { email: 'ada@example.com' })
  t.ok(mails.filter(({ kind }) => kind === 'reset_password').length <= 5, 'five mails in a quarter of an hour')
  const answer = await post('reset-password/request', { email: 'ada@example.com' })
  t.equal(answer.statusCode, 429)
  t.ok(Number(answer.headers['retry-after']) > 0)
  t.match(alertOf(answer.body), 'Too many attempts')
})

t.test('after twenty wrong codes for an address, on whatever page, codes for it are refused', async t => {
  const { app, ask } = await forms(t, { authRateLimit: 'on' })
  const { email, code } = await ask('reset_password')
  const send = (page: string, last: number, fields: object) =>
    app.inject({
      method: 'POST',
      url: `/account/${page}`,
      remoteAddress: `198.51.100.${last}`,
      headers: { 'content-type': FORM, ...OURS },
      payload: `${new URLSearchParams({ email, new_password: 'a longer one', ...fields })}`
    })
  for (let last = 1; last <= 20; last++) {
    const page = last % 2 ? 'verify-email' : 'verify-email/disown'
    t.equal((await send(page, last, { code: 'AAAA-AAAA' })).statusCode, 400)
  }
  const answer = await send('reset-password', 99, { code })
  t.equal(answer.statusCode, 429)
  t.match(alertOf(answer.body), 'the link of the newest mail may still work')
})

t.test('opening a page changes nothing, whatever stands in its address', async t => {
  const { app, ask, http } = await forms(t)
  const { token, code, email } = await ask('verify_email')
  for (const method of ['GET', 'HEAD'] as const)
    for (const path of ['verify-email', 'verify-email/disown', 'verify-email/request'])
      await app.inject({ method, url: `/account/${path}?token=${token}&email=${email}&code=${code}` })
  t.equal((await http.post('/api/verify-email/', { token })).statusCode, 200)
})

t.test('no host of a request stands in a page, and below a prefix every path does', async t => {
  const { app, post } = await forms(t, {}, '/auth')
  const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-prefix': '/evil' }
  const page = await app.inject({ url: '/auth/account/verify-email', headers })
  t.notMatch(page.body, 'evil')
  const paths = [...page.body.matchAll(/(?:src|href|action|api)="(\/[^"]*)"/g)].map(([, path = '']) => path)
  t.ok(paths.length >= 8)
  t.same(
    paths.filter(path => !path.startsWith('/auth/')),
    []
  )
  t.equal((await post('verify-email/request', { email: 'ada@example.com' }, headers)).statusCode, 202)
})

t.test('in a host with parsers, headers and errors of its own the pages are the same', async t => {
  const app = await host(t, undefined, async app => {
    await opinionated(app)
    await app.register(postern, settings(t))
  })
  const page = await app.inject('/auth/account/reset-password')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], /^default-src 'none'; script-src 'self';/)
  t.match(page.body, 'action="/auth/account/reset-password/request"')
  const headers = { ...OURS, 'content-type': FORM }
  const payload = 'email=ada%40example.com'
  const asked = await app.inject({ method: 'POST', url: '/auth/account/reset-password/request', headers, payload })
  t.equal(asked.statusCode, 202)
  t.match(asked.body, /value="ada@example\.com"/)
})
