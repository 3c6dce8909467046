import { once } from 'node:events'
import { statSync } from 'node:fs'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Served, serve } from '../process.ts'
import { inFolder, postern, start, until } from './process.ts'

const ada = { username: 'ada', password: 'correct horse battery' }

const post = (url: string, path: string, body: object) =>
  fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const register = ({ url }: Served) => post(url, '/api/register/', { ...ada, email: 'ada@example.com' })

/** A login that the server has begun to read; `send` sends the rest. */
function beginLogin(url: string) {
  const body = JSON.stringify(ada)
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
  const login = request(`${url}/api/login/`, { method: 'POST', headers, agent: new Agent({ keepAlive: true }) })
  const answered = new Promise<IncomingMessage>((resolve, reject) => login.on('response', resolve).on('error', reject))
  const accepted = new Promise(resolve => login.on('continue', resolve))
  login.flushHeaders()
  return { accepted, answered, send: () => login.end(body) }
}

const closed = (url: string) =>
  fetch(url, { headers: { connection: 'close' } }).then(
    () => false,
    () => true
  )

t.test('what the service makes is private; SIGTERM lets a login that is in flight through, then ends it', async t => {
  const folder = `${t.testdir({})}/data`
  const server = await serve(t, folder)
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
  t.equal(mode(folder), '700')
  for (const name of ['postern.db', 'postern.db-wal', 'secret']) t.equal(mode(`${folder}/${name}`), '600', name)
  await register(server)
  const idle = new Agent({ keepAlive: true })
  await new Promise(resolve =>
    get(`${server.url}/health/live`, { agent: idle }, answer => answer.resume().on('end', resolve))
  )
  const login = beginLogin(server.url)
  await login.accepted
  const began = performance.now()
  const stopped = server.stop('SIGTERM')
  await until(() => closed(server.url))
  login.send()
  const answer = await login.answered
  t.equal(answer.statusCode, 200)
  t.match(await json(answer), { access: String, refresh: String })
  t.equal(await stopped, 0)
  t.ok(performance.now() - began < 5_000, 'neither the idle connection nor the answered one held it up')
})

t.test('two processes serve one database that neither has seen before', async t => {
  const folder = t.testdir({})
  const [first, second] = await Promise.all([serve(t, folder), serve(t, folder)])
  t.equal((await register(first)).status, 201)
  t.equal((await register(second)).status, 400)
  const login = (await (await post(second.url, '/api/login/', ada)).json()) as { access: string; refresh: string }
  const seen = () => fetch(`${first.url}/api/protected/`, { headers: { authorization: `Bearer ${login.access}` } })
  t.equal((await seen()).status, 200)
  t.equal((await post(second.url, '/api/logout/', { refresh: login.refresh })).status, 204)
  t.equal(
    (await fetch(`${second.url}/api/protected/`, { headers: { authorization: `Bearer ${login.access}` } })).status,
    401
  )
  await sleep(300)
  t.equal((await seen()).status, 401, 'the other process knows it a quarter of a second later')

  const { port } = new URL(first.url)
  const third = await postern(t, ['serve'], { env: inFolder(folder, { PORT: port }) })
  t.equal(third.code, 1)
  t.equal(
    third.stderr,
    `postern: Cannot listen on 127.0.0.1:${port}: port ${port} is in use. End what listens there, or set PORT to another one.\n`
  )
  t.equal((await fetch(`${first.url}/health/ready`)).status, 200)
})

async function firstLines(t: Test, env: Record<string, string>, preload?: string) {
  const child = start(t, ['serve'], {
    env: inFolder(t.testdir({}), { PORT: '0', ...env }),
    ...(preload && { preload })
  })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    log += chunk
  })
  await until(() => log.includes('listens at'))
  return {
    child,
    log: () =>
      log
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
  }
}

t.test(
  'one line says where it listens; an error that nothing caught is logged and ends the process with 1',
  async t => {
    const preload = `process.on('SIGWINCH', () => { throw new Error('unforeseen') })`
    const { child, log } = await firstLines(t, {}, preload)
    t.equal(log().length, 1)
    const [, url, port, docs] =
      /listens at (http:\/\/127\.0\.0\.1:(\d+)), documentation at (\S+)$/.exec(log()[0].msg) ?? []
    t.ok(Number(port) > 0)
    t.equal(docs, `${url}/docs`)
    t.match(await (await fetch(`${docs}/`)).text(), 'swagger')

    child.kill('SIGWINCH')
    const [code] = await once(child, 'close')
    t.equal(code, 1)
    const fatal = log().find(({ level }) => level === 60)
    t.match(fatal, { level: 60, msg: /nothing caught/, err: { message: 'unforeseen' } })
  }
)

t.test(
  'an address for everybody without PUBLIC_URL is warned about; the documentation is named only where it is',
  async t => {
    const { log } = await firstLines(t, { HOST: '0.0.0.0', AUTH_DOCS: 'off' })
    t.match(log()[0], { level: 40, msg: /^PUBLIC_URL is not set: tokens name http:\/\/0\.0\.0\.0:0 as their issuer/ })
    t.notMatch(log().at(-1).msg, /documentation/)
  }
)
