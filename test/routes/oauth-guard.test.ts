import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import postern, { PosternError } from '../../src/index.ts'
import { bearer, below, settings } from '../embedding/host.ts'
import { build } from '../helper.ts'
import { basic, registered } from './oauth-client.ts'

let app: FastifyInstance
let user: string
let machine: string
let other: string
let clientId: string

t.before(async () => {
  const dataDir = t.testdir()
  const store = { databaseUrl: `sqlite:${dataDir}/auth.db`, dataDir }
  app = await host(t, store)
  await below(app).register()
  user = (await below(app).login()).access
  // As the command line does it beside an application that runs.
  const reports = await registered(await build(t, store), ['reports:read', 'reports:write'])
  clientId = reports.id
  const get = async (scope: string) => {
    const headers = { authorization: basic(reports), 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams({ grant_type: 'client_credentials', scope }).toString()
    return (await app.inject({ method: 'POST', url: '/auth/oauth/token', headers, payload })).json().access_token
  }
  machine = await get('reports:read')
  other = await get('reports:write')
})

async function host(t: Test, store: object) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(postern, settings(t, store))
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const code = error instanceof PosternError ? error.code : error.message
    return reply.code(error.statusCode ?? 500).send({ code })
  })
  const { requireUser, requireRole, requireScope, ...auth } = app.auth
  const token = ({ headers }: { headers: object }) => (headers as { 'x-token': string })['x-token']
  app.get('/user', { onRequest: requireUser }, async request => auth.claims(request).username)
  app.get('/admin', { onRequest: requireRole('admin') }, async request => auth.claims(request).username)
  app.get('/machine', { onRequest: requireScope('reports:read') }, async request => auth.machine(request).client_id)
  app.get('/mistake', { onRequest: requireScope('reports:read') }, async request => auth.claims(request).username)
  app.get('/mistake/too', { onRequest: requireUser }, async request => auth.machine(request).client_id)
  app.get('/verify', async request => (await auth.verify(token(request))).username)
  app.get('/verify/any', async request => {
    const found = await auth.verifyAny(token(request))
    return found.sid === undefined ? `a machine for ${found.scope}` : `the user ${found.username}`
  })
  return app
}

const open = async (url: string, token?: string) => {
  const headers = token === undefined ? {} : { ...bearer(token), 'x-token': token }
  const answer = await app.inject({ url, headers })
  const said = answer.headers['www-authenticate']
  return answer.statusCode === 200 ? answer.body : [answer.statusCode, answer.json().code, ...(said ? [said] : [])]
}

t.test('a route for machines opens to a token with the scope', async t => {
  t.equal(await open('/machine', machine), clientId)
  const denied = [403, 'permission_denied', 'Bearer error="insufficient_scope"']
  t.same(await open('/machine', other), denied, 'not to one with another scope')
  t.same(await open('/machine', user), denied, 'nor to a user, who has no scopes')
  t.same(await open('/machine', 'x'), [401, 'token_not_valid', 'Bearer error="invalid_token"'])
  t.same(await open('/machine'), [401, 'not_authenticated', 'Bearer'])
})

t.test('a route for users, or for a role, does not open to a machine', async t => {
  t.equal(await open('/user', user), 'ada')
  for (const url of ['/user', '/admin'])
    t.same(await open(url, machine), [401, 'token_not_valid', 'Bearer error="invalid_token"'])
  t.same(await open('/admin', user), [403, 'permission_denied'])
})

t.test('a token from elsewhere is one of a user, unless the host asks for either', async t => {
  t.equal(await open('/verify', user), 'ada')
  t.same(await open('/verify', machine), [401, 'token_not_valid'])
  t.equal(await open('/verify/any', user), 'the user ada')
  t.equal(await open('/verify/any', machine), 'a machine for reports:read')
  t.same(await open('/verify/any', 'x'), [401, 'token_not_valid'])
})

t.test('claims of one kind are not to be had behind the guard of the other', async t => {
  t.match(await open('/mistake', machine), [500, /claims\(\) needs requireUser or requireRole/])
  t.match(await open('/mistake/too', user), [500, /machine\(\) needs requireScope/])
})
