import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { originalUrl } from '../src/forward-auth/original-url.ts'
import { build, client } from './helper.ts'
import { refused } from './routes/answers.ts'

const LOGIN = 'https://app.test/login'
const PROXY = '10.1.2.3'

let app: FastifyInstance
let access: string

t.before(async () => {
  app = await build(t, { authTrustProxy: ['10.0.0.0/8', '2001:db8::/32'], authLoginUrls: [LOGIN, `${LOGIN}?a=b`] })
  await client(app).register()
  access = (await client(app).login()).access
})

const ask = (token?: string, { url = '/forward-auth', headers, ...more }: InjectOptions = {}) =>
  app.inject({ url, headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) }, ...more })

t.test('a browser is sent to a login page that is on the list, letter for letter', async t => {
  const to = (page: string, who?: string, more: InjectOptions = {}) =>
    ask(who, { url: `/forward-auth?login_url=${encodeURIComponent(page)}`, ...more })
  for (const who of [undefined, 'x']) {
    const answer = await to(LOGIN, who)
    t.match(answer, { statusCode: 302, headers: { location: LOGIN, 'cache-control': 'no-store' }, body: '' })
    t.notOk('www-authenticate' in answer.headers)
    t.notOk('remote-user' in answer.headers)
  }
  t.equal((await to(LOGIN, undefined, { method: 'POST', payload: 'x' })).statusCode, 302)
  t.equal((await to(LOGIN, access)).statusCode, 200, 'not who is logged in')
  const forbidden = { url: `/forward-auth?role=admin&login_url=${encodeURIComponent(LOGIN)}` }
  refused(t, await ask(access, forbidden), 'permission_denied')
  const near = [
    `${LOGIN}/`,
    `${LOGIN}?a=c`,
    LOGIN.toUpperCase(),
    `${LOGIN}#x`,
    '//app.test/login',
    '/login',
    '',
    'https://evil.test'
  ]
  for (const page of near)
    for (const who of [undefined, access]) refused(t, await to(page, who), 'validation_failed', ['login_url'], page)
  const twice = `/forward-auth?login_url=${LOGIN}&login_url=${LOGIN}`
  refused(t, await ask(undefined, { url: twice }), 'validation_failed', ['login_url'])
  const none = await build(t)
  refused(t, await none.inject(`/forward-auth?login_url=${LOGIN}`), 'validation_failed', ['login_url'])
})

t.test('the login page learns where to return to from a proxy of ours alone', async t => {
  const parts = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.test:8443',
    'x-forwarded-uri': '/a/b?c=d&e=%2F'
  }
  const whole = { 'x-original-url': 'https://app.test:8443/a/b?c=d&e=%2F' }
  const location = async (headers: Record<string, string>, remoteAddress = PROXY, page = LOGIN) => {
    const url = `/forward-auth?login_url=${encodeURIComponent(page)}`
    return (await ask(undefined, { url, headers, remoteAddress })).headers.location
  }
  const returning = `return_to=${encodeURIComponent('https://app.test:8443/a/b?c=d&e=%2F')}`
  for (const headers of [parts, whole, { ...parts, ...whole }])
    for (const address of [PROXY, '::ffff:10.9.9.9', '2001:db8::1'])
      t.equal(await location(headers, address), `${LOGIN}?${returning}`)
  t.equal(await location(parts, PROXY, `${LOGIN}?a=b`), `${LOGIN}?a=b&${returning}`)
  for (const address of ['127.0.0.1', '11.0.0.1', '::1', '::ffff:11.0.0.1', '2001:db9::1'])
    for (const headers of [parts, whole]) t.equal(await location(headers, address), LOGIN, address)
  t.equal(await location({ ...parts, 'x-original-url': 'https://evil.test/' }), LOGIN, 'two that disagree')
  t.equal(await location({ ...whole, ...parts, 'x-forwarded-host': 'evil.test' }), LOGIN, 'two that disagree')
})

t.test('what makes no URL of a page is no place to return to', t => {
  const parts = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.test', 'x-forwarded-uri': '/' }
  t.equal(originalUrl(parts), 'https://app.test/')
  t.equal(originalUrl({ ...parts, 'x-forwarded-host': '[::1]:80' }), 'https://[::1]:80/')
  const wrong: Record<string, string[]> = {
    'x-forwarded-proto': ['', 'javascript', 'https, http', 'HTTPS:', 'ftp'],
    'x-forwarded-host': ['', 'a@evil.test', 'a, b', 'a/b', 'a b', 'a?b', 'a#b', 'a:b', 'a\\b', 'a:99999'],
    'x-forwarded-uri': ['', 'a', '/a b', '/a, /b', '@evil.test', '/\x00']
  }
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) t.equal(originalUrl({ ...parts, [name]: value }), undefined, `${name}: ${value}`)
  for (const url of [
    'javascript:alert(1)',
    '//evil.test/',
    'https://a@evil.test/',
    'https://a',
    'https:/a/b',
    '/a',
    'https://a/ b'
  ])
    t.equal(originalUrl({ 'x-original-url': url }), undefined, url)
  t.end()
})
