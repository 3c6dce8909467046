import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { AccessClaims, ConnectMiddleware } from '../../src/verify/index.ts'
import { oauthClient, registered } from '../routes/oauth-client.ts'
import { listening, type Postern } from './postern.ts'

let postern: Postern

t.before(async () => {
  postern = await listening(t)
})

type Send = (authorization?: string) => Promise<Response>

/** Sends requests to a path of a server. */
const to =
  (url: string): Send =>
  authorization =>
    fetch(url, authorization ? { headers: { authorization } } : {})

/** What every middleware must do with the same requests. */
async function behaves(t: Test, open: Send, admins: Send) {
  const good = `Bearer ${postern.tokens.access}`
  const welcome = await open(good)
  t.equal(welcome.status, 200)
  t.match(await welcome.json(), { username: 'ada' })

  const nobody = await open()
  t.equal(nobody.status, 401)
  t.equal(nobody.headers.get('www-authenticate'), 'Bearer')
  t.match(await nobody.json(), { code: 'not_authenticated' })

  for (const authorization of [`Bearer ${postern.tokens.refresh}`, 'Bearer', 'Bearer a b', `Basic ${btoa('ada:x')}`]) {
    const refused = await open(authorization)
    t.equal(refused.status, 401, authorization.slice(0, 12))
    t.equal(refused.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
    t.match(await refused.json(), { code: 'token_not_valid' })
  }

  const role = await admins(good)
  t.equal(role.status, 403)
  t.match(await role.json(), { code: 'permission_denied' })
}

t.test('Fastify: the guard is a hook, and the claims are typed', async t => {
  const verifier = postern.verifier()
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/', { onRequest: verifier.guard.requireUser }, async request => verifier.guard.claims(request))
  app.get('/admin', { onRequest: verifier.guard.requireRole('admin') }, async () => ({}))
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  await behaves(t, to(`${origin}/`), to(`${origin}/admin`))
})

t.test('machines come in by their scope, and never as users', async t => {
  const credentials = await registered(postern.app, ['reports'])
  const token = await oauthClient(postern.app, credentials).machine()
  const { guard, verify } = postern.verifier()
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/user', { onRequest: guard.requireUser }, async () => ({}))
  app.get('/reports', { onRequest: guard.requireScope('reports') }, async request => guard.machine(request))
  app.get('/orders', { onRequest: guard.requireScope('orders') }, async () => ({}))
  const ask = (url: string, access: string) => app.inject({ url, headers: { authorization: `Bearer ${access}` } })
  t.match((await ask('/reports', token)).json(), { sub: credentials.id, scope: 'reports' })
  t.equal((await ask('/orders', token)).statusCode, 403)
  t.equal((await ask('/user', token)).statusCode, 401)
  t.equal((await ask('/reports', postern.tokens.access)).statusCode, 403)
  await t.rejects(verify(token), { code: 'token_not_valid' })
  t.match(await guard.verifyAny(token), { client_id: credentials.id })
})

t.test('Express: the middleware stands before a route, and its refusals are answers', async t => {
  const verifier = postern.verifier()
  const app = express()
  app.get('/', verifier.connect(), (request, response) => {
    const { auth } = request as { auth?: AccessClaims }
    response.json(auth)
  })
  app.get('/admin', verifier.connect({ role: 'admin' }), (_request, response) => void response.json({}))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await behaves(t, to(`${origin}/`), to(`${origin}/admin`))
})

t.test('Connect: claims are at the request, refusals are answered', async t => {
  const verifier = postern.verifier()
  const [open, admins] = [verifier.connect(), verifier.connect({ role: 'admin' })]
  const origin = await serve(t, open, admins)
  await behaves(t, to(`${origin}/`), to(`${origin}/admin`))
})

t.test('Fetch: a handler is called only with claims, and with whatever else its runtime gives', async t => {
  const verifier = postern.verifier()
  const open = verifier.fetch((_request, claims, more: string) => Response.json({ ...claims, more }))
  const admins = verifier.fetch(() => Response.json({}), { role: 'admin' })
  const send =
    (handler: (request: Request, more: string) => Promise<Response>): Send =>
    authorization =>
      handler(new Request('http://service.test/', authorization ? { headers: { authorization } } : {}), 'context')
  await behaves(t, send(open), send(admins))
  const answer = await send(open)(`Bearer ${postern.tokens.access}`)
  t.match(await answer.json(), { more: 'context' })
})

t.test('a fault of the handler itself is not taken for a refusal', async t => {
  const verifier = postern.verifier()
  const handler = verifier.fetch(() => {
    throw new Error('a fault of the application')
  })
  const headers = { authorization: `Bearer ${postern.tokens.access}` }
  await t.rejects(handler(new Request('http://service.test/', { headers })), /a fault of the application/)
})

t.test('while Postern is away, a stranger gets 503 and when to come again', async t => {
  const away = await listening(t)
  away.way = 'broken'
  const handler = away.verifier().fetch(() => new Response('never'))
  const headers = { authorization: `Bearer ${away.tokens.access}` }
  const answer = await handler(new Request('http://service.test/', { headers }))
  t.equal(answer.status, 503)
  t.equal(answer.headers.get('retry-after'), '1')
  t.match(await answer.json(), { code: 'unavailable' })
})

/** A server with middlewares before it, as Express calls them. */
async function serve(t: Test, open: ConnectMiddleware, admins: ConnectMiddleware): Promise<string> {
  const server = createServer((request: IncomingMessage & { auth?: AccessClaims }, response) => {
    const middleware = request.url === '/admin' ? admins : open
    void middleware(request, response, error => {
      response.writeHead(error ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(request.auth))
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
