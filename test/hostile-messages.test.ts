import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from './helper.ts'
import { exchange, listen } from './routes/socket.ts'

let app: FastifyInstance
let port: number

t.before(async () => {
  app = await build(t)
  port = await listen(app)
  await client(app).register()
})

const body = '{"username":"ada","password":"correct horse"}'
const length = `Content-Length: ${body.length}`
const chunked = 'Transfer-Encoding: chunked'
const size = body.length.toString(16)
const message = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const get = (...lines: string[]) => message('GET /health/live HTTP/1.1', 'Host: auth.test', ...lines)
const post = (...lines: string[]) =>
  message('POST /api/login/ HTTP/1.1', 'Host: auth.test', 'Content-Type: application/json', ...lines)
const statuses = async (...chunks: string[]) => (await exchange(port, ...chunks)).map(({ status }) => status)

t.test('what parsers read in more than one way is refused, and the connection ends', async t => {
  const messages = {
    'no version': 'GET /health/live\r\n\r\n',
    'space before the first name': message('GET /health/live HTTP/1.1', ' Host: auth.test'),
    'space before a later name': get(' X-A: 1'),
    'tab before a name': get('\tX-A: 1'),
    'a line without a colon': get('X-A'),
    'an empty name': get(': 1'),
    'a method in small letters': get().replace('GET', 'get'),
    'headers that end with a bare line feed': get().replace(/\r\n$/, '\n'),
    'a coding before chunked': `${post('Transfer-Encoding: gzip, chunked')}${size}\r\n${body}\r\n0\r\n\r\n`,
    'a coding other than chunked': post('Transfer-Encoding: identity', length) + body,
    'chunks in HTTP/1.0': `${post(chunked, length).replace('/1.1', '/1.0')}${size}\r\n${body}\r\n0\r\n\r\n`,
    'a bare line feed behind the size of a chunk': `${post(chunked)}${size}\n${body}\r\n0\r\n\r\n`,
    'a bare line feed behind the extension of a chunk': `${post(chunked)}${size};a\n${body}\r\n0\r\n\r\n`,
    'more than its size behind a chunk': `${post(chunked)}${size}\r\n${body}XX0\r\n\r\n`,
    'a size of a chunk that overflows': `${post(chunked)}10000000000000000${size}\r\n${body}\r\n0\r\n\r\n`,
    'an endless extension of a chunk': `${post(chunked)}${size};${'a'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`,
    'a length in the trailer': `${post(chunked)}${size}\r\n${body}\r\n0\r\n${length}\r\n\r\n`,
    'a tunnel': message('CONNECT auth.test:80 HTTP/1.1', 'Host: auth.test:80')
  }
  for (const [what, text] of Object.entries(messages)) t.same(await statuses(text + get()), [400], what)
})

t.test('what the standard asks a server to read is read', async t => {
  const close = 'Connection: close'
  t.same(await statuses(`${post(chunked, close)}${size};name=value\r\n${body}\r\n0\r\nX-A: 1\r\n\r\n`), [200])
  t.same(await statuses(`${post('Transfer-Encoding: Chunked', close)}${size}\r\n${body}\r\n0\r\n\r\n`), [200])
  t.same(await statuses(get(close).replace('/health', 'http://evil.test/health')), [200], 'RFC 9112 section 3.2.2')
  t.same(await statuses(get('Connection: Upgrade, close', 'Upgrade: h2c')), [200], 'an upgrade may be ignored')
  t.same(await statuses(message('GET /health/live HTTP/1.0')), [200], 'some proxies speak 1.0')
})

t.test('a refusal is never read as the answer to the request before it', async t => {
  const login = post(length) + body
  const answers = await exchange(port, `${login}BAD\r\n\r\n${get()}`)
  t.same(
    answers.map(({ status }) => status),
    [200],
    'the login is answered as what it was, and the connection ends'
  )
  t.match(answers[0]?.headers, /\r\nconnection: close/i)
  t.same(await statuses(get(), 'BAD\r\n\r\n'), [200, 400], 'on an idle connection it is an answer of its own')
})

t.test('packed bodies are refused as they are, and nothing is unpacked', async t => {
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  const send = (url: string, encoding: string, payload: Buffer | string) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      payload
    })
  for (const url of ['/api/login/', '/api/register/', '/api/token/', '/oauth/introspect', '/api/nothing/'])
    t.equal((await send(url, 'gzip', bomb)).statusCode, 415, url)
  for (const encoding of ['deflate', 'br', 'zstd', 'x-gzip', 'gzip, identity'])
    t.equal((await send('/api/login/', encoding, body)).statusCode, 415, encoding)
  const refused = await send('/api/login/', 'gzip', gzipSync(body))
  t.match(refused.json(), { code: 'unsupported_media_type', detail: 'Send the body without Content-Encoding.' })
  t.equal((await send('/api/login/', 'Identity', body)).statusCode, 200)
})

t.test('a body that is too large ends the connection before it has arrived', async t => {
  t.same(await statuses(post('Content-Length: 100000000000')), [413])
  t.same(await statuses(post('Content-Length: 100000') + 'x'.repeat(100_000) + get()), [413])
  const chunk = `8000\r\n${'x'.repeat(32_768)}\r\n`
  t.same(await statuses(post(chunked) + chunk.repeat(3)), [413])
})

t.test('who sends his headers or his body too slowly is told so and cut off', async t => {
  const slow = await build(t)
  Object.assign(slow.server, { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 })
  const slowPort = await listen(slow)
  const drip = async (start: string) => {
    const socket = connect(slowPort, '127.0.0.1')
    socket.on('error', () => {}).write(start)
    const timer = setInterval(() => socket.write('x'), 20)
    const text = await new Promise<string>(resolve => {
      let received = ''
      socket.setEncoding('latin1').on('data', data => (received += data))
      socket.on('close', () => resolve(received))
    })
    clearInterval(timer)
    return text
  }
  const texts = await Promise.all([drip('GET /health/live HTTP/1.1\r\nX-A: '), drip(post('Content-Length: 5000'))])
  for (const text of texts) {
    t.match(text, /^HTTP\/1\.1 408 /)
    t.match(text, /"code":"request_timeout"/)
  }
})

t.test('who does not read his answers is cut off, and nobody else notices', async t => {
  const stuck = await build(t)
  t.ok(stuck.server.timeout > 0 && stuck.server.timeout <= 60_000)
  stuck.server.setTimeout(500)
  const stuckPort = await listen(stuck)
  const socket = connect(stuckPort, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {}).pause()
  // More than the buffers of both ends hold.
  socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: auth.test\r\n\r\n'.repeat(20))
  const count = () => new Promise<number>(resolve => stuck.server.getConnections((_error, found) => resolve(found)))
  while ((await count()) === 0) await sleep(5)
  t.equal((await exchange(stuckPort, get('Connection: close')))[0]?.status, 200)
  while ((await count()) > 0) await sleep(20)
  t.pass('its connection ended')
})
