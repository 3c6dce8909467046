import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { exchange, listen } from './socket.ts'

let app: FastifyInstance
let port: number
let access: string

t.before(async () => {
  app = await build(t)
  port = await listen(app)
  const { register, login } = client(app)
  await register()
  access = (await login()).access
})

const body = '{"username":"ada","password":"correct horse"}'
const get = (path: string, ...lines: string[]) =>
  message(`GET ${path} HTTP/1.1`, 'Host: auth.test', 'Connection: close', ...lines)
const post = (...lines: string[]) =>
  message('POST /api/login/ HTTP/1.1', 'Host: auth.test', 'Content-Type: application/json', ...lines)
const message = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const statuses = async (...chunks: string[]) => (await exchange(port, ...chunks)).map(({ status }) => status)
const code = async (...chunks: string[]) => JSON.parse((await exchange(port, ...chunks))[0]?.body ?? '{}').code

t.test('a message whose length can be read in two ways is refused, and nothing behind it is read', async t => {
  const behind = get('/health/live')
  const length = `Content-Length: ${body.length}`
  const chunked = 'Transfer-Encoding: chunked'
  const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const messages = {
    'length and chunks': post(length, chunked) + chunk,
    'chunks and length': post(chunked, length) + chunk,
    'two lengths': post(length, 'Content-Length: 2') + body,
    'one length twice': post(length, length) + body,
    'lengths in one line': post(`${length}, ${body.length}`) + body,
    'signed length': post(`Content-Length: +${body.length}`) + body,
    'hexadecimal length': post('Content-Length: 0x2d') + body,
    'negative length': post('Content-Length: -1') + body,
    'no such coding': post('Transfer-Encoding: xchunked') + chunk,
    'chunked, then another coding': post('Transfer-Encoding: chunked, identity') + chunk,
    'chunked twice': post(chunked, chunked) + chunk,
    'coding behind a tab': post('Transfer-Encoding:\x0bchunked') + chunk,
    'chunk of no size': `${post(chunked)}zz\r\n${body}\r\n0\r\n\r\n`,
    'chunk longer than its size': `${post(chunked)}2\r\n${body}\r\n0\r\n\r\n`,
    'space before the colon': post(`Content-Length : ${body.length}`) + body,
    'folded line': post('X-A: 1\r\n Content-Length: 2', length) + body,
    'bare line feeds': post(length).replaceAll('\r', '') + body,
    'bare carriage return': post(`X-A: 1\rContent-Length: 2`, length) + body,
    'NUL in a header': post('X-A: a\0b', length) + body,
    'no host': message('GET /health/live HTTP/1.1', 'Connection: keep-alive'),
    'no HTTP': '\x16\x03\x01\x02\x00\x01\x00',
    'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  }
  for (const [what, text] of Object.entries(messages)) t.same(await statuses(text + behind), [400], what)
})

t.test('a request with two hosts or two credentials is refused: a proxy may have read the other', async t => {
  t.same(await statuses(get('/health/live', 'Host: evil.test')), [400])
  t.same(await statuses(get('/health/live', 'HOST: auth.test')), [400])
  t.equal(await code(get('/health/live', 'Host: evil.test')), 'validation_failed')
  const [mine, none] = [`Authorization: Bearer ${access}`, 'authorization: Bearer x']
  t.same(await statuses(get('/api/protected/', mine)), [200])
  for (const pair of [
    [mine, none],
    [none, mine],
    [mine, mine],
    [mine, 'AUTHORIZATION: Basic YTpi']
  ]) {
    t.same(await statuses(get('/api/protected/', ...pair)), [401], pair.join().slice(0, 30))
    t.equal(await code(get('/api/protected/', ...pair)), 'token_not_valid')
  }
})

t.test('requests behind each other on one connection are answered one by one', async t => {
  const good = post(`Content-Length: ${body.length}`) + body
  t.same(await statuses(good + good.replace('correct', 'wrong00') + get('/health/live')), [200, 401, 200])
})

t.test('headers over 16 KiB are refused, headers below are read', async t => {
  t.same(await statuses(get('/api/protected/', `Authorization: Bearer ${'a'.repeat(15_000)}`)), [401])
  t.same(await statuses(get('/api/protected/', `Authorization: Bearer ${'a'.repeat(17_000)}`)), [431])
  t.same(await statuses(get('/health/live', ...Array.from({ length: 2000 }, (_, at) => `X-${at}: 12345678`))), [431])
  t.same(await statuses(get(`/${'a'.repeat(20_000)}`)), [431])
})

t.test('what arrives bit by bit is waited for, though not for ever', async t => {
  t.same(await statuses(...(get('/health/live').match(/.{1,12}/gs) ?? [])), [200])
  const parts = [post('Connection: close', `Content-Length: ${body.length}`), body.slice(0, 9), body.slice(9)]
  t.same(await statuses(...parts), [200])
  t.ok(app.server.headersTimeout > 0 && app.server.headersTimeout <= 15_000)
  t.ok(app.server.requestTimeout > 0 && app.server.requestTimeout <= 30_000)
})

t.test('a path is taken as it stands', async t => {
  const auth = `Authorization: Bearer ${access}`
  for (const path of [
    '/./api/protected/',
    '/x/../api/protected/',
    '/api\\protected/',
    '/docs/../../package.json',
    '/docs/static/..%2f..%2f..%2fpackage.json'
  ])
    t.same(await statuses(get(path, auth)), [404], path)
  for (const path of ['/api/%zz', '/%', '/%c0%ae%c0%ae/', '/\xff', '/a b'])
    t.same(await statuses(get(path, auth)), [400], path)
  t.same(await statuses(get('http://evil.test/api/protected/', auth)), [200], 'the absolute form names no other host')
  t.same(await statuses(get('/api/protected/#x', auth)), [200])
})

t.test('what the service does not speak ends in a refusal', async t => {
  t.same(await statuses(get('/api/protected/', 'Upgrade: websocket', 'Connection: Upgrade')), [401])
  t.same(await statuses(post('Expect: 200-maybe', 'Connection: close')), [417])
  t.same(await statuses(message('CONNECT evil.test:80 HTTP/1.1', 'Host: evil.test')), [400])
  t.same(await statuses(message('OPTIONS * HTTP/1.1', 'Host: a', 'Connection: close')), [404])
  t.same(await statuses(message('BREW /api/login/ HTTP/1.1', 'Host: a')), [400])
  t.same(await statuses(message('GET /health/live HTTP/3.0', 'Host: a')), [400])
})

t.test('a body over 64 KiB is refused, announced or not, before it has arrived', async t => {
  t.same(await statuses(post('Connection: close', 'Content-Length: 1000000')), [413])
  const chunks = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const [answer] = await exchange(port, post('Connection: close', 'Transfer-Encoding: chunked') + chunks + chunks)
  t.equal(answer?.status, 413)
  t.match(answer?.headers, /content-type: application\/problem\+json/i)
})
