import { once } from 'node:events'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { Writable } from 'node:stream'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { build, client } from './helper.ts'
import { listen } from './routes/socket.ts'

const cores = availableParallelism()
const credentials = { username: 'ada', password: 'correct horse' }
/** A log that keeps what it is told. */
function keepLines() {
  const lines: Array<{ level: number; status?: number }> = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(chunk))
      done()
    }
  })
  return { lines, logger: pino({ level: 'info' }, stream) }
}

const login = (app: FastifyInstance, url = '/api/login/') => client(app).post(url, credentials)

t.test('while more logins come than can be hashed, checks are answered; afterwards a login works', async t => {
  const { lines, logger } = keepLines()
  const app = await build(t, {}, { logger })
  const http = client(app)
  await http.register()
  const { access, refresh } = await http.login()
  let pending = 400
  const flood = Array.from({ length: pending }, (_, at) =>
    login(app, at % 2 ? '/api/token/' : '/api/login/').finally(() => pending--)
  )
  for (const answer of [
    await http.protected(access),
    await http.get('/forward-auth', access),
    await http.get('/.well-known/jwks.json'),
    await http.post('/api/verify/', { token: access }),
    await http.refresh(refresh),
    await http.get('/health/live'),
    await http.get('/health/ready')
  ])
    t.equal(answer.statusCode, 200)
  t.ok(pending > 0, 'logins still waited meanwhile')
  const answers = await Promise.all(flood)
  const refused = answers.filter(({ statusCode }) => statusCode !== 200)
  t.ok(refused.length >= 200, 'the queue is bounded')
  t.ok(refused.length < 400, 'those in it were answered')
  for (const { statusCode, headers } of refused) {
    t.equal(statusCode, 503)
    t.match(headers['retry-after'], /^[1-9]$/)
  }
  t.equal(lines.filter(({ status }) => status === 503).length, refused.length, 'a line each')
  t.equal(lines.filter(({ level }) => level >= 50).length, 0, 'and no error')
  t.equal((await login(app)).statusCode, 200)
  t.equal((await http.get('/health/ready')).statusCode, 200)
})

t.test('who hangs up while he waits costs no hash', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const port = await listen(app)
  const body = JSON.stringify(credentials)
  const text = `POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {}).write(text)
  await Promise.race(sockets.map(socket => once(socket, 'data')))
  for (const socket of sockets) socket.destroy()
  // As long as they count as waiting, there may be no room.
  let next = await login(app)
  while (next.statusCode === 503) {
    await turn()
    next = await login(app)
  }
  const { access } = next.json()
  const { sessions } = (await http.get('/api/sessions/', access)).json()
  t.ok(sessions.length < 30, `${sessions.length} of 61 logins were carried out`)
})

t.test('while the event loop lags few logins wait, and checks go on', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  const { access } = await http.login()
  while (!app.overload.lags()) {
    const until = performance.now() + 300
    while (performance.now() < until);
    await turn()
  }
  const answers = await Promise.all(Array.from({ length: cores + 40 }, () => login(app)))
  t.equal((await http.protected(access)).statusCode, 200)
  const count = (status: number) => answers.filter(({ statusCode }) => statusCode === status).length
  t.ok(count(200) > 0, 'some are let in, or a flood of checks would keep everybody out')
  t.ok(count(503) > 10)
  t.equal(count(200) + count(503), answers.length)
  while (app.overload.lags()) await sleep(50)
  const later = await Promise.all(Array.from({ length: cores + 20 }, () => login(app)))
  t.ok(later.every(({ statusCode }) => statusCode === 200))
})
