import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { freePort } from '../../tools/free-port.ts'
import { until } from '../cli/process.ts'
import { ownServer, skip as withoutPostgres } from '../postgres/server.ts'
import { skipWithout } from '../proxies/process.ts'
import { noRedis, redisServer } from '../redis/redis.ts'
import { machine } from './machine.ts'

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'scale.md'), 'utf8')
const [, section = ''] = /^## From SQLite to three instances\n([\s\S]*?)^## /m.exec(guide) ?? []
const steps = [...section.matchAll(/^ {3}```sh\n([\s\S]*?)^ {3}```$/gm)].map(([, code = '']) =>
  code.replace(/^ {3}/gm, '')
)

interface Sent {
  body?: object
  access?: string
  forged?: string
  from?: string
}

const headersOf = ({ access, forged }: Sent) => ({
  'content-type': 'application/json',
  ...(access && { authorization: `Bearer ${access}` }),
  ...(forged && { 'x-forwarded-for': forged, forwarded: `for=${forged}` })
})

/** Sends a request through nginx, whose certificate nobody vouches for. */
function send(url: string, sent: Sent) {
  const method = sent.body ? 'POST' : 'GET'
  const options = {
    method,
    headers: headersOf(sent),
    rejectUnauthorized: false,
    agent: false,
    family: 4,
    localAddress: sent.from
  }
  return new Promise<{ status: number; json: Record<string, string> }>((resolve, reject) => {
    const asked = request(url, options, async answer => {
      const said = await text(answer).catch(() => '')
      const isJson = /json/.test(answer.headers['content-type'] ?? '')
      resolve({ status: answer.statusCode ?? 0, json: isJson ? JSON.parse(said) : {} })
    })
    asked.on('error', reject).end(sent.body && JSON.stringify(sent.body))
  })
}

/** Sends a request to an instance, past nginx. */
async function direct(port: number, path: string, sent: Sent = {}) {
  const method = sent.body ? 'POST' : 'GET'
  const body = sent.body && JSON.stringify(sent.body)
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: headersOf(sent),
    ...(body && { body })
  })
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  return { status: answer.status, json: isJson ? await answer.json() : {} }
}

const isReady = (port: number) =>
  until(() =>
    direct(port, '/health/ready').then(
      ({ status }) => status === 200,
      () => false
    )
  )

const skip = withoutPostgres || noRedis || skipWithout('nginx')
const USER = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }

t.test('the guide leads from SQLite to three instances, and nobody has to log in again', { skip }, async t => {
  // As it is meant to be: the doctor refuses one without fsync.
  const server = await ownServer(t, [])
  const redis = await redisServer(t)
  const [https = 0, http = 0, ...ports] = await Promise.all(Array.from({ length: 6 }, freePort))
  const [alone = 0, ...instances] = ports
  const publicUrl = `https://localhost:${https}`
  const environment = { PGHOST: '127.0.0.1', PGPORT: `${server.port}`, PGUSER: 'postern', AUTH_METRICS: 'on' }
  const host = machine(t, environment, [
    ...instances.map((port, at): [string, string] => [`800${at + 1}`, `${port}`]),
    ['127.0.0.1:5432', `127.0.0.1:${server.port}`],
    ['127.0.0.1:6379', `127.0.0.1:${redis.port}`],
    ['https://auth.example.com', publicUrl],
    ['listen 80/', `listen 127.0.0.1:${http}/`],
    ['listen 443/', `listen 127.0.0.1:${https}/`],
    ['/etc/nginx/', '/srv/postern/nginx/'],
    ['/tmp/#/run/', '/tmp/#/srv/postern/run/']
  ])
  const before = ['DATABASE_URL=sqlite:data/postern.db', `PUBLIC_URL=${publicUrl}`, `PORT=${alone}`, 'LOG_LEVEL=warn']
  writeFileSync(join(host.folder, 'alone.env'), before.join('\n'))
  host.sh('systemctl start postern')
  await isReady(alone)
  await direct(alone, '/api/register/', { body: USER })
  const login = { username: USER.username, password: USER.password }
  const begin = async () => (await direct(alone, '/api/login/', { body: login })).json as Record<string, string>
  const [kept, ended] = [await begin(), await begin()]
  await direct(alone, '/api/logout/', { body: { refresh: ended.refresh } })

  t.equal(steps.length, 6, 'every step of the guide has its commands')
  const printed = host.sh(steps.join('\n'))
  t.match(printed, /and read them all again from both: they are the same/)
  t.match(printed, /enough for \d+ instances/, 'the doctor had a look')
  await Promise.all(instances.map(isReady))

  const via = (path: string, sent: Sent = {}) => send(`${publicUrl}${path}`, sent)
  await until(() =>
    via('/health/live').then(
      ({ status }) => status === 200,
      () => false
    )
  )
  await t.test('the tokens of before are good, and what was ended stays so', async t => {
    t.equal((await via('/api/protected/', { access: kept.access })).status, 200)
    t.equal((await via('/api/protected/', { access: ended.access })).status, 401)
    t.equal((await via('/api/refresh/', { body: { refresh: ended.refresh } })).status, 401)
    const { status, json } = await via('/api/refresh/', { body: { refresh: kept.refresh } })
    t.equal(status, 200)
    kept.refresh = json.refresh ?? ''
  })

  await t.test('a logout through nginx is in force on all three', async t => {
    const { json: tokens } = await via('/api/login/', { body: login })
    for (const port of instances)
      t.equal((await direct(port, '/api/protected/', { access: tokens.access })).status, 200)
    t.equal((await via('/api/logout/', { body: { refresh: tokens.refresh } })).status, 204)
    await Promise.all(
      instances.map(port =>
        until(async () => (await direct(port, '/api/protected/', { access: tokens.access })).status === 401)
      )
    )
    t.equal((await via('/api/protected/', { access: tokens.access })).status, 401)
  })

  await t.test(
    'nginx tells where a request comes from, believes no client about it, and hides the metrics',
    async t => {
      for (const path of ['/metrics', '/metrics/', '/%6detrics', '//metrics', '/x/../metrics', '/METRICS'])
        t.equal((await via(path)).status, 404, path)
      const metrics = await fetch(`http://127.0.0.1:${instances[0]}/metrics`)
      t.equal(metrics.status, 200, 'they are there for whoever is inside')
      const { json: own } = await via('/api/login/', { body: login, from: '127.0.0.9', forged: '203.0.113.66' })
      const sessions = JSON.stringify((await via('/api/sessions/', { access: own.access ?? '' })).json)
      t.match(sessions, '"ip":"127.0.0.9"')
      t.notMatch(sessions, '203.0.113.66')
      const plain = await fetch(`http://127.0.0.1:${http}/docs/`, { redirect: 'manual' })
      t.equal(plain.status, 308)
      t.match(plain.headers.get('location'), /^https:\/\/127\.0\.0\.1\/docs\/$/)
    }
  )

  await t.test('requests go on when an instance is killed', async t => {
    const [victim] = instances
    process.kill(host.pid(`postern@${victim}`), 'SIGKILL')
    const statuses = new Set<number>()
    for (let at = 0; at < 60; at++) statuses.add((await via('/api/protected/', { access: kept.access })).status)
    t.same([...statuses], [200])
    for (let at = 0; at < 10; at++) {
      const { status, json } = await via('/api/refresh/', { body: { refresh: kept.refresh } })
      t.equal(status, 200)
      kept.refresh = json.refresh ?? ''
    }
    host.sh(`rm run/postern@${victim}.pid; systemctl start postern@${victim}`)
    await isReady(victim as number)
    t.equal((await direct(victim as number, '/api/protected/', { access: kept.access })).status, 200)
  })
})
