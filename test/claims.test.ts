import Fastify, { type FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { resolveConfig } from '../src/config.ts'
import postern from '../src/index.ts'
import type { Wiring } from '../src/server.ts'
import { createVerifier } from '../src/verify/index.ts'
import { build, client } from './helper.ts'
import { read, refused } from './routes/answers.ts'

const profile = Type.Object(
  {
    plan: Type.Optional(Type.String({ default: 'free', readOnly: true })),
    team: Type.Optional(Type.String()),
    secret: Type.Optional(Type.String())
  },
  { claims: ['plan', 'team'] }
)

/** The claims of the first access token of ada. */
async function claimsOf(test: Test, options: object, wiring: Wiring, fields: object = {}) {
  const app = await build(test, options, { sendsMail: false, ...wiring })
  const http = client(app)
  const body = { username: 'ada', email: 'ada@example.com', password: 'correct horse', ...fields }
  t.equal((await http.post('/api/register/', body)).statusCode, 201)
  const tokens = await http.login()
  return { app, http, tokens, claims: read(tokens.access).claims }
}

t.test('AUTH_CLAIMS, fields of the profile and the hook put claims into access tokens', async t => {
  const claims: Wiring['claims'] = ({ username, profile: { team } }) => ({ greeting: `${username} of ${team}` })
  const found = await claimsOf(t, { authClaims: { tenant: 'acme' } }, { profile, claims }, { team: 'red', secret: 'x' })
  const custom = { tenant: 'acme', plan: 'free', team: 'red', greeting: 'ada of red' }
  t.match(found.claims, custom)
  t.notOk('secret' in found.claims, 'only fields that are named as claims')
  const { http, tokens } = found
  const headers = { authorization: `Bearer ${tokens.access}` }
  t.equal((await http.send({ method: 'PATCH', url: '/api/me/', headers, payload: { team: null } })).statusCode, 200)
  const next = read((await http.refresh(tokens.refresh)).json().access).claims
  t.match(next, { ...custom, team: undefined, greeting: 'ada of undefined' }, 'a refresh has those of now')
  t.notOk('team' in next)
  t.notOk('tenant' in read(tokens.refresh).claims, 'a refresh token has none')
})

t.test('guards and verifiers elsewhere see custom claims', async t => {
  const { app, tokens } = await claimsOf(t, { authClaims: { tenant: 'acme', nested: { a: [1] } } }, {})
  t.match(await app.guard.verify(tokens.access), { username: 'ada', tenant: 'acme', nested: { a: [1] } })
  const url = await app.listen({ port: 0 })
  const verifier = createVerifier({ issuer: 'http://auth.test', baseUrl: url, statusLists: 'ignore' })
  t.match(await verifier.verify(tokens.access), { username: 'ada', tenant: 'acme', nested: { a: [1] } })
})

t.test('the settings come before the profile, and both before the hook; what is reserved nobody says', async t => {
  const warnings: string[] = []
  const claims = () => ({ tenant: 'evil', plan: 'gold', sub: 'root', roles: ['admin'], __proto__: { a: 1 }, own: true })
  const found = await claimsOf(t, { authClaims: { tenant: 'acme' } }, { profile, claims, logger: listening(warnings) })
  t.match(found.claims, { tenant: 'acme', plan: 'free', username: 'ada', roles: [], own: true })
  t.not(found.claims.sub, 'root')
  await found.http.login()
  const told = warnings.filter(line => line.includes('claims hook'))
  t.same(told.length, 1, 'one warning')
  t.match(told[0], /tenant, plan, sub, roles/)
})

t.test('reserved claims, the same claim twice and too much of them stop the start', async t => {
  const wrong: Array<[claims: object, said: RegExp]> = [
    [{ sub: 'x' }, /AUTH_CLAIMS: sub is a claim with a meaning of its own/],
    [{ roles: [], iss: 1, groups: 1 }, /roles is [\s\S]*iss is [\s\S]*groups is /],
    [{ toString: 1 }, /toString is a claim/],
    [{ plan: 'gold' }, /the profile schema has plan under claims too/],
    [{ text: 'x'.repeat(1100) }, /AUTH_CLAIMS: more than 1 kB/]
  ]
  for (const [authClaims, message] of wrong)
    await t.rejects(build(t, { authClaims } as never, { profile }), { name: 'StartError', message })
  t.ok(resolveConfig({ authClaims: { tenant: 'acme' } }))
})

t.test('a hook that throws, answers later or says too much gives no token and begins no session', async t => {
  let hook: Wiring['claims'] = () => ({})
  const app = await build(t, {}, { sendsMail: false, claims: user => hook?.(user) ?? {} })
  const http = client(app)
  await http.register()
  const tokens = await http.login()
  const { sessions } = app.database.tables
  const all = app.database.prepare('test_sessions', q => q.select().from(sessions))
  const before = await app.database.read(all())
  const broken: Array<NonNullable<Wiring['claims']>> = [
    () => {
      throw new Error('no')
    },
    (async () => ({})) as never,
    (() => 'text') as never,
    () => ({ big: 1n }),
    () => ({ long: 'x'.repeat(5000) })
  ]
  for (const one of broken) {
    hook = one
    const login = await http.post('/api/login/', { username: 'ada', password: 'correct horse' })
    refused(t, login, 'internal_error')
    refused(t, await http.refresh(tokens.refresh), 'internal_error')
  }
  t.same(await app.database.read(all()), before, 'nothing was half done')
  hook = () => ({ fine: true })
  const next = await http.refresh(tokens.refresh)
  t.match(read(next.json().access).claims, { fine: true }, 'and the refresh token is not spent')
})

t.test('an application that has Postern inside passes its profile and its hook with the options', async t => {
  const host = Fastify()
  t.teardown(() => host.close())
  await host.register(postern, {
    databaseUrl: 'sqlite::memory:',
    dataDir: t.testdir(),
    publicUrl: 'http://app.test/auth',
    authEmailVerification: 'off',
    logLevel: 'silent',
    profile,
    claims: user => ({ shout: user.username.toUpperCase() })
  })
  const post = async (url: string, payload: object) => (await host.inject({ method: 'POST', url, payload })).json()
  const account = { username: 'ada', password: 'correct horse' }
  const user = await post('/auth/api/register/', { ...account, email: 'ada@example.com', team: 'red' })
  t.same(user.profile, { team: 'red', plan: 'free' })
  const { access } = await post('/auth/api/login/', account)
  t.match(await host.auth.verify(access), { shout: 'ADA', team: 'red', plan: 'free' })
})

t.test('fields that go into tokens have 1 kB together', async t => {
  const { http, tokens } = await claimsOf(t, {}, { profile })
  const headers = { authorization: `Bearer ${tokens.access}` }
  const patch = (payload: object) => http.send({ method: 'PATCH', url: '/api/me/', headers, payload })
  refused(t, await patch({ team: 'é'.repeat(600) }), 'validation_failed', ['plan', 'team'])
  t.equal((await patch({ team: 'é'.repeat(400), secret: 'x'.repeat(1000) })).statusCode, 200)
})

/** A logger that remembers warnings. */
function listening(warnings: string[]): FastifyBaseLogger {
  const ignore = () => {}
  const logger: FastifyBaseLogger = {
    level: 'warn',
    silent: ignore,
    trace: ignore,
    debug: ignore,
    info: ignore,
    error: ignore,
    fatal: ignore,
    warn: (...said: unknown[]) => void warnings.push(said.map(String).join(' ')),
    child: () => logger
  }
  return logger
}
