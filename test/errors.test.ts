import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { build, client } from './helper.ts'

/** Sends bytes as they are, and gives everything that comes back until the other side hangs up. */
async function raw(address: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

t.test('a path that is no URL is refused like everything else', async t => {
  const http = client(await build(t))
  const answer = await http.get('/api/%zz')
  t.equal(answer.statusCode, 400)
  t.match(answer.headers, { 'content-type': /^application\/problem\+json/ })
  t.match(answer.json(), { code: 'validation_failed', detail: 'The path is not a valid URL.' })
})

t.test('what is not even a request gets an answer in the same form', async t => {
  const app = await build(t)
  const address = await app.listen({ port: 0 })
  const garbage = await raw(address, 'HELLO\r\n\r\n')
  t.match(garbage, /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(JSON.parse(garbage.split('\r\n\r\n')[1] ?? ''), { status: 400, code: 'validation_failed' })
  const large = await raw(address, `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
  t.match(large, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  t.match(JSON.parse(large.split('\r\n\r\n')[1] ?? ''), { status: 431, code: 'headers_too_large' })
  t.equal((await client(app).get('/health/live')).statusCode, 200)
})

t.test('an error that nobody foresaw shows nothing of itself', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const { access } = await http.login()
  app.core.users.profile = () => Promise.reject(new Error('column secret_column of relation users'))
  const answer = await http.protected(access)
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'internal_error')
  t.notMatch(answer.body, /secret_column/)
})
