import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client, type TestClock, testClock } from '../helper.ts'
import { read } from './answers.ts'
import { inactive, oauthClient, registered } from './oauth-client.ts'

let clock: TestClock
let app: FastifyInstance
let oauth: ReturnType<typeof oauthClient>
let tokens: { access: string; refresh: string }
let user: { id: string }

t.beforeEach(async t => {
  clock = testClock()
  app = await build(t, {}, { now: clock.now })
  oauth = oauthClient(app, await registered(app, ['reports:read']))
  user = (await client(app).register()).json()
  tokens = await client(app).login()
})

t.test('an access token of a user is described', async t => {
  const answer = await oauth.introspect(tokens.access)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
  const { status: _, ...claims } = read(tokens.access).claims
  t.strictSame(answer.json(), { ...claims, active: true, token_type: 'Bearer' })
  t.equal(answer.json().username, 'ada')
})

t.test('an access token of a machine is described to any client', async t => {
  const token = await oauth.machine()
  const other = oauthClient(app, await registered(app))
  const { status: _, ...claims } = read(token).claims
  t.strictSame((await other.introspect(token)).json(), { ...claims, active: true, token_type: 'Bearer' })
})

t.test('a refresh token is described as one, for no audience', async t => {
  const { sid, jti, iat, exp } = read(tokens.refresh).claims
  t.strictSame((await oauth.introspect(tokens.refresh)).json(), {
    active: true,
    iss: 'http://auth.test',
    sub: user.id,
    jti,
    iat,
    exp,
    sid,
    username: 'ada',
    roles: [],
    token_type: 'refresh_token'
  })
})

t.test('a hint is only a hint', async t => {
  for (const token of [tokens.access, tokens.refresh]) {
    for (const token_type_hint of ['access_token', 'refresh_token', 'saml', '__proto__', '\0']) {
      const answer = await oauth.send('introspect', { token, token_type_hint })
      t.equal(answer.json().active, true, token_type_hint)
    }
  }
})

t.test('a refresh token is active as long as it would be accepted, and asking changes nothing', async t => {
  const { http, active } = {
    http: client(app),
    active: async (token: string) => (await oauth.introspect(token)).json().active
  }
  const second = (await http.refresh(tokens.refresh)).json()
  t.equal(await active(tokens.refresh), true, 'within the grace')
  clock.advance(10_000)
  inactive(t, await oauth.introspect(tokens.refresh))
  t.equal(await active(second.refresh), true, 'asking about a spent one is no reuse')
  clock.advance(86_400_000)
  inactive(t, await oauth.introspect(second.refresh))
})

t.test('what a logout ended is not active from the next request on', async t => {
  for (const token of [tokens.access, tokens.refresh]) t.equal((await oauth.introspect(token)).json().active, true)
  await client(app).logout(tokens.refresh)
  for (const token of [tokens.access, tokens.refresh]) inactive(t, await oauth.introspect(token))
})

t.test('expired tokens and what is no token are not active', async t => {
  clock.advance(300_000)
  inactive(t, await oauth.introspect(tokens.access))
  for (const token of ['x', '.', '..', 'null', 'a.b.c', '\0', '😀.😀.😀', '.'.repeat(9000), ' '])
    inactive(t, await oauth.introspect(token), token.slice(0, 9))
})

t.test('a token of another instance is not active, under the same client id too', async t => {
  const stranger = await build(t, { publicUrl: 'http://stranger.test' }, { now: clock.now })
  await client(stranger).register()
  const foreign = await client(stranger).login()
  const machine = await oauthClient(stranger, await registered(stranger)).machine()
  for (const token of [foreign.access, foreign.refresh, machine]) inactive(t, await oauth.introspect(token))
})
