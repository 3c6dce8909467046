import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { build, client, testClock } from './helper.ts'
import { exchange, listen } from './routes/socket.ts'

/** Connections that say nothing; closed when the test ends. `ended` counts those that the server has closed. */
async function crowd(t: Test, port: number, count: number) {
  const sockets: Socket[] = []
  let ended = 0
  t.teardown(() => sockets.forEach(socket => void socket.destroy()))
  for (let from = 0; from < count; from += 200) {
    const batch = Array.from({ length: Math.min(200, count - from) }, () => connect(port, '127.0.0.1'))
    for (const socket of batch)
      socket
        .on('error', () => {})
        .on('close', () => ended++)
        .resume()
    await Promise.all(
      batch.map(socket => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {}))
    )
    sockets.push(...batch)
  }
  return { sockets, ended: () => ended }
}

/** The lines of a log about refused connections. */
function listening() {
  const lines: Array<Record<string, unknown>> = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      const line = JSON.parse(chunk)
      if (line.msg === 'connection refused') lines.push(line)
      done()
    }
  })
  return { lines, logger: pino({ level: 'info' }, stream) }
}

t.test('2,000 connections that say nothing hold nobody up, and are closed in time', async t => {
  const app = await build(t)
  Object.assign(app.server, { connectionsCheckingInterval: 50 })
  const port = await listen(app)
  const { ended } = await crowd(t, port, Math.min(2000, (app.server.maxConnections - 200) / 2))
  t.equal(ended(), 0)
  t.equal((await fetch(`http://127.0.0.1:${port}/health/ready`, { headers: { connection: 'close' } })).status, 200)
  t.equal((await client(app).register()).statusCode, 201)
  app.server.headersTimeout = 1
  const open = () => new Promise<number>(resolve => app.server.getConnections((_error, count) => resolve(count)))
  while ((await open()) > 0) await sleep(50)
  t.pass('all are gone')
})

t.test('connections beyond MAX_CONNECTIONS are closed as they come, and those that are open go on', async t => {
  const { lines, logger } = listening()
  const app = await build(t, { maxConnections: 20 }, { logger })
  const port = await listen(app)
  const { sockets, ended } = await crowd(t, port, 50)
  while (ended() < 30) await sleep(5)
  const one = sockets.find(socket => !socket.destroyed) as Socket
  one.write('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await once(one, 'close')
  t.equal(ended(), 31)
  t.match(lines[0], { level: 40, ip: '127.0.0.1', reason: 'too many connections' })
  t.equal((await exchange(port, 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))[0]?.status, 200)
})

t.test('a refused connection leaves one line in the log without what it sent, and a thousand leave ten', async t => {
  const { lines, logger } = listening()
  const clock = testClock()
  const app = await build(t, {}, { logger, now: clock.now })
  const port = await listen(app)
  await exchange(port, 'S3cret of ada\r\n\r\n', 'S3cret', 'S3cret')
  t.match(lines, [{ level: 40, ip: '127.0.0.1', reason: 'HPE_INVALID_METHOD' }])
  t.notMatch(JSON.stringify(lines), /s3cret/i)
  await exchange(port, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')
  t.match(lines[1], { reason: 'CONNECT' })
  for (let at = 0; at < 30; at++) await exchange(port, 'BAD\r\n\r\n')
  t.equal(lines.length, 10)
  clock.advance(60_000)
  await exchange(port, 'BAD\r\n\r\n')
  t.match(lines[10], { unlogged: 22 })
  t.equal(lines.length, 11)
})

t.test('a client that goes away in the middle is no hostile one', async t => {
  const { lines, logger } = listening()
  const app = await build(t, {}, { logger })
  const port = await listen(app)
  for (const text of ['', 'POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{"user']) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(text)
    await sleep(20)
    socket.resetAndDestroy()
  }
  await sleep(50)
  t.same(lines, [])
})

t.test('a process that runs out of descriptors goes on, and answers when there are some again', async t => {
  const folder = t.testdir()
  const cli = join(import.meta.dirname, '..', 'src', 'cli.ts')
  const child = spawn('sh', ['-c', `ulimit -n 160 && exec "${process.execPath}" "${cli}" serve`], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      PUBLIC_URL: 'http://auth.test',
      DATABASE_URL: `sqlite:${join(folder, 'postern.db')}`,
      AUTH_RATE_LIMIT: 'off'
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  child.stdout.setEncoding('utf8').on('data', text => (log += text))
  while (!/127\.0\.0\.1:\d+/.test(log)) await sleep(20)
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(log)?.[1])
  const { sockets, ended } = await crowd(t, port, 300)
  while (ended() < 240) await sleep(10)
  t.match(log, /too many connections/)
  for (const socket of sockets) socket.destroy()
  const url = `http://127.0.0.1:${port}`
  while ((await fetch(`${url}/health/ready`).catch(() => undefined))?.status !== 200) await sleep(20)
  const payload = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }
  const headers = { 'content-type': 'application/json' }
  const registered = await fetch(`${url}/api/register/`, { method: 'POST', headers, body: JSON.stringify(payload) })
  t.equal(registered.status, 201)
  t.equal(child.exitCode, null)
})
