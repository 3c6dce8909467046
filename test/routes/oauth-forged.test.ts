import { createPublicKey, type KeyObject } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build, client, testClock } from '../helper.ts'
import { read } from './answers.ts'
import { authSecret, encode, es256, flips, hmac, own, stolenKeys } from './forgery.ts'
import { inactive, oauthClient, registered } from './oauth-client.ts'

const clock = testClock()
let app: FastifyInstance
let oauth: ReturnType<typeof oauthClient>
let keys: { access: KeyObject; refresh: Buffer }
let genuine: Record<'access' | 'refresh' | 'machine', string>

t.before(async () => {
  app = await build(t, { authSecret }, { now: clock.now })
  oauth = oauthClient(app, await registered(app, ['reports:read']))
  await client(app).register()
  const { access, refresh } = await client(app).login()
  genuine = { access, refresh, machine: await oauth.machine() }
  keys = await stolenKeys(app)
})

/** None of these is active, revoking it does nothing, and no route takes it. */
async function worthless(t: Test, forged: Record<string, string>) {
  const { post, protected: see } = client(app)
  for (const [why, token] of Object.entries(forged)) {
    inactive(t, await oauth.introspect(token), why)
    t.same(
      [(await oauth.revoke(token)).statusCode, (await post('/api/verify/', { token })).statusCode],
      [200, 401],
      why
    )
  }
  for (const token of Object.values(genuine)) t.equal((await oauth.introspect(token)).json().active, true)
  t.equal((await see(genuine.access)).statusCode, 200)
}

t.test('what was changed on its way is worth nothing', async t => {
  for (const token of Object.values(genuine)) {
    const [header = '', claims = '', signature = ''] = token.split('.')
    await worthless(t, {
      ...flips(token),
      ...Object.fromEntries(
        [
          token.slice(0, -1),
          `${token}=`,
          ` ${token}`,
          `${token}\n`,
          `${token}.`,
          `${header}.${claims}`,
          `${header}.${claims}.`,
          `${claims}.${header}.${signature}`,
          `${token}${'A'.repeat(10_000)}`
        ].entries()
      )
    })
  }
})

t.test('no algorithm, key or type but the own one is believed (RFC 8725)', async t => {
  const [access, machine, refresh] = [genuine.access, genuine.machine, genuine.refresh].map(read)
  const jwk = app.core.signingKeys.jwks().keys.find(({ kid }) => kid === access?.header.kid) as never
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string
  const forged: Record<string, string> = {}
  for (const [kind, token] of Object.entries({ access, machine, refresh })) {
    const { header, claims } = token as ReturnType<typeof read>
    for (const alg of ['none', 'None', '', null])
      forged[`${kind} unsigned ${alg}`] = `${encode({ ...header, alg })}.${encode(claims)}.`
    forged[`${kind} with the public key as secret`] = hmac({ ...header, alg: 'HS256' }, claims, pem)
    forged[`${kind} with an own key`] = es256({ ...header, alg: 'ES256' }, claims, own.privateKey)
    forged[`${kind} with an own key inside`] = es256(
      { ...header, alg: 'ES256', jwk: own.publicKey.export({ format: 'jwk' }), jku: 'http://127.0.0.1:1/' },
      claims,
      own.privateKey
    )
    forged[`${kind} with crit`] = es256({ ...access?.header, crit: ['x'], x: 1 }, claims, keys.access)
    for (const typ of ['JWT', 'rt+jwt', 'statuslist+jwt', undefined])
      forged[`${kind} typed ${typ}`] = es256({ ...access?.header, typ }, claims, keys.access)
    forged[`${kind} claims under the refresh key, typed as access`] = hmac(
      { ...refresh?.header, typ: 'at+jwt' },
      claims,
      keys.refresh
    )
  }
  await worthless(t, forged)
})

t.test('a genuine signature under wrong claims is worth nothing', async t => {
  const { header, claims } = read(genuine.machine)
  const user = read(genuine.access).claims
  const sign = (change: object) => es256(header, { ...claims, ...change }, keys.access)
  t.equal(
    (await oauth.introspect(sign({}))).json().active,
    true,
    'a token that is made like this, and right, is active'
  )
  const wrong: Record<string, object> = {
    'other issuer': { iss: 'http://other.test' },
    'other audience': { aud: 'http://other.test' },
    expired: { exp: Math.floor(clock.now() / 1000) },
    'of the other kind': { token_type: 'refresh' },
    'client that is not the subject': { client_id: 'other' },
    'subject that is not the client': { sub: user.sub },
    'no client and no session': { client_id: undefined },
    'client that is no text': { client_id: [claims.client_id] },
    'session that is no text': { sid: null },
    'session that is a number': { sid: 1 }
  }
  const forged = Object.fromEntries(Object.entries(wrong).map(([why, change]) => [why, sign(change)]))
  for (const name of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'token_type'])
    forged[`without ${name}`] = sign({ [name]: undefined })
  forged['user without a session'] = es256(header, { ...user, sid: undefined }, keys.access)
  await worthless(t, forged)
})
