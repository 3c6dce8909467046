import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { refused } from './answers.ts'

const posts = ['register', 'login', 'refresh', 'logout', 'verify', 'change-password'].map(name => `/api/${name}/`)
const gets = ['/api/protected/', '/health/live', '/health/ready', '/.well-known/jwks.json']

let app: FastifyInstance
let authorization: string

t.before(async () => {
  app = await build(t)
  const { register, login } = client(app)
  await register()
  authorization = `Bearer ${(await login()).access}`
})

const send = (method: string, url: string, payload?: object) =>
  app.inject({ method: method as 'GET', url, payload, headers: { authorization } })

t.test('an unknown path is not found, whatever it looks like', async t => {
  const near = [
    '/api/protected/x',
    '/api/protecte',
    '/api/Protected/',
    '/API/protected/',
    '/api/protected.json',
    '/api'
  ]
  const doubled = ['//api/protected/', '/api//protected/', '/api/protected//']
  const encoded = ['/api%2fprotected/', '/api/protected%2f', '/api/protected%00', '/api/protected;x=1']
  const files = ['/.env', '/data/postern.db', '/package.json', '/data/secret']
  for (const url of [...near, ...doubled, ...encoded, ...files, '/', '/*', `/${'a'.repeat(5000)}`])
    refused(t, await send('GET', url), 'not_found', [], url)
})

t.test('a path under another method is not found, and does nothing', async t => {
  for (const url of posts)
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])
      refused(t, await send(method, url), 'not_found', [], `${method} ${url}`)
  for (const url of gets)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      refused(t, await send(method, url, {}), 'not_found', [], `${method} ${url}`)
})

t.test('HEAD answers what GET answers without a body, and OPTIONS promises nothing to other origins', async t => {
  for (const url of gets) {
    const [got, head] = [await send('GET', url), await send('HEAD', url)]
    t.equal(head.statusCode, 200, url)
    t.equal(head.body, '')
    t.equal(head.headers['content-type'], got.headers['content-type'])
    t.equal(head.headers['content-length'], got.headers['content-length'])
  }
  const headers = { origin: 'http://evil.test', 'access-control-request-method': 'POST' }
  for (const url of posts) {
    t.equal((await send('HEAD', url)).statusCode, 404)
    const preflight = await app.inject({ method: 'OPTIONS', url, headers })
    t.equal(preflight.statusCode, 404)
    t.same(
      Object.keys(preflight.headers).filter(name => name.startsWith('access-control')),
      []
    )
  }
})

t.test('asking with HEAD or OPTIONS writes nothing', async t => {
  const { users, sessions, auditEvents, revokedJti } = app.database.tables
  const tables = { users, sessions, auditEvents, revokedJti }
  const all = async () => {
    const rows = Object.entries(tables).map(([name, table]) =>
      app.database.read(app.database.prepare(`test_${name}`, q => q.select().from(table as typeof users))())
    )
    return JSON.stringify(await Promise.all(rows))
  }
  const before = await all()
  for (const url of [...posts, ...gets]) for (const method of ['HEAD', 'OPTIONS']) await send(method, url)
  t.equal(await all(), before)
})

t.test('AUTH_DOCS=off leaves no documentation to find', async t => {
  const urls = ['/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/index.html', '/docs/static/swagger-ui.css']
  const on = await Promise.all(urls.slice(0, 3).map(async url => (await send('GET', url)).statusCode))
  t.notOk(on.includes(404), 'on without it')
  const quiet = await build(t, { authDocs: 'off' })
  for (const url of urls) refused(t, await quiet.inject({ url }), 'not_found', [], url)
})
