import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import t from 'tap'
import { buildServer } from '../src/server.ts'
import * as exports from './architecture/exports.ts'
import * as globals from './architecture/globals.ts'
import * as imports from './architecture/imports.ts'
import { createParser } from './architecture/parse.ts'
import * as plugins from './architecture/plugins.ts'
import * as routing from './architecture/routes.ts'

/** What anybody may call; everything else wants an access token, or the credentials of a client. */
const PUBLIC = [
  'POST /api/register/',
  'POST /api/login/',
  'POST /api/refresh/',
  'POST /api/logout/',
  'POST /api/verify/',
  'POST /api/verify-email/',
  'POST /api/verify-email/resend/',
  'POST /api/verify-email/disown/',
  'POST /api/password-reset/',
  'POST /api/password-reset/confirm/',
  'POST /api/login/email/',
  'POST /api/login/email/confirm/',
  'POST /api/change-email/confirm/',
  'POST /api/invitations/accept/',
  'POST /api/token/',
  'POST /api/token/refresh/',
  'POST /api/token/verify/',
  'POST /api/token/blacklist/',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /status-lists/',
  'GET /status-lists/:n',
  'GET /health/live',
  'GET /health/ready'
]
/** Pages behind mailed links, for people: the operations of the API that they stand on are documented. */
const ACCOUNT = /^(GET|HEAD|POST) \/account\//
const DOCS = /^(GET|HEAD) \/docs(\/|$)/

const top = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(top, path), 'utf8')
const paths = globSync('{src,plugins,routes}/**/*.ts', { cwd: top })
const { parse, close } = createParser()
t.teardown(close)
const sources = parse(Object.fromEntries(paths.map(path => [path.replaceAll('\\', '/'), read(path)])))
const dependencies = Object.keys(JSON.parse(read('package.json')).dependencies)

for (const { rule, check, broken, said } of [imports, exports, globals, plugins].flatMap(({ rules }) => rules)) {
  t.test(rule, async t => {
    t.same(check(sources, dependencies), [], 'the project keeps to it')
    t.same(check(parse(broken), dependencies).toSorted(), said, 'whatever breaks it is noticed')
  })
}

t.test('every route of the service', async t => {
  const service = buildServer({
    databaseUrl: 'sqlite::memory:',
    dataDir: t.testdir(),
    authRateLimit: 'off',
    logLevel: 'silent'
  })
  t.teardown(() => service.close())
  const routes = await routesOf(service)
  const isPublic = (name: string) =>
    PUBLIC.includes(name.replace('HEAD', 'GET')) || ACCOUNT.test(name) || DOCS.test(name)

  t.test('says what it is for and what it answers', async t => {
    t.same(routing.silentRoutes(routes), [])
  })

  t.test('answers 401 to somebody without a token, unless it is public', async t => {
    t.same(await routing.openRoutes(service, routes, isPublic), [])
    const names = routes.map(routing.nameOf)
    for (const name of PUBLIC) t.ok(names.includes(name), `${name} is still there to be public`)
  })

  t.test('is documented as public exactly when it is', async t => {
    for (const route of routes.filter(({ schema }) => schema && !('hide' in schema))) {
      const { security } = route.schema as { security?: object[] }
      t.equal(security?.length === 0, isPublic(routing.nameOf(route)), routing.nameOf(route))
    }
  })

  t.test('asks for no format that the validator does not know', async t => {
    t.same(routing.idleFormats(routes), [])
    for (const format of routing.enforceable) t.ok(routing.isEnforced(format), `${format} is enforced`)
  })
})

t.test('a route that says nothing, lets everybody in and asks for an unknown format is noticed', async t => {
  const careless = Fastify()
  const body = { type: 'object', properties: { id: { type: 'string', format: 'ulid' } } }
  careless.setValidatorCompiler(() => () => true)
  const collected = routesOf(careless)
  careless.post('/api/open/:id', { schema: { body, response: { 404: {} } } }, async () => ({}))
  careless.get('/api/locked', async (_request, reply) => reply.code(401).send({ code: 'no_active_account' }))
  await careless.ready()
  const routes = await collected
  t.same(routing.silentRoutes(routes), [
    'POST /api/open/:id has no summary',
    'POST /api/open/:id has no tags',
    'POST /api/open/:id has no schema for its success',
    ...['GET', 'HEAD'].flatMap(method =>
      ['summary', 'tags', 'schema for its success'].map(what => `${method} /api/locked has no ${what}`)
    )
  ])
  t.same(await routing.openRoutes(careless, routes, name => name.startsWith('HEAD')), [
    'POST /api/open/:id answers 200 to somebody without a token',
    'GET /api/locked answers 401 to somebody without a token'
  ])
  t.same(routing.idleFormats(routes), ['POST /api/open/:id asks for the format ulid, which is not enforced'])
})

/** Every route that an instance gets from now on, HEAD too. */
async function routesOf(app: FastifyInstance): Promise<RouteOptions[]> {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', route => {
    for (const method of [route.method].flat()) routes.push({ ...route, method })
  })
  await app.ready()
  return routes
}
