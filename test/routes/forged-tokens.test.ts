import { createPublicKey, type KeyObject } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build, client, testClock } from '../helper.ts'
import { read, refused } from './answers.ts'
import { authSecret, encode, es256, hmac, own, type Pair, refuseAll, stolenKeys } from './forgery.ts'

const clock = testClock()
let app: FastifyInstance
let tokens: Pair
let keys: { access: KeyObject; refresh: Buffer }

t.before(async () => {
  app = await build(t, { authSecret }, { now: clock.now })
  const { register, login } = client(app)
  await register()
  tokens = await login()
  keys = await stolenKeys(app)
})

const refusedEverywhere = (t: Test, forged: Record<string, string>) => refuseAll(t, app, tokens, forged)

t.test('a token of one kind is never taken for the other', async t => {
  const { post, protected: see } = client(app)
  refused(t, await see(tokens.refresh), 'token_not_valid')
  refused(t, await post('/api/refresh/', { refresh: tokens.access }), 'token_not_valid')
  refused(t, await post('/api/logout/', { refresh: tokens.access }), 'token_not_valid')
  const [access, refresh] = [read(tokens.access), read(tokens.refresh)]
  await refusedEverywhere(t, {
    'refresh claims under the access key': es256(access.header, refresh.claims, keys.access),
    'access claims under the refresh key': hmac(refresh.header, access.claims, keys.refresh),
    'access token that says refresh': es256(access.header, { ...access.claims, token_type: 'refresh' }, keys.access),
    'refresh token that says access': hmac(refresh.header, { ...refresh.claims, token_type: 'access' }, keys.refresh),
    'access token typed as refresh': es256({ ...access.header, typ: 'rt+jwt' }, access.claims, keys.access),
    'refresh token typed as access': hmac({ ...refresh.header, typ: 'at+jwt' }, refresh.claims, keys.refresh),
    'access token typed as any': es256({ ...access.header, typ: 'JWT' }, access.claims, keys.access),
    'access token without a type': es256({ ...access.header, typ: undefined }, access.claims, keys.access)
  })
})

t.test('no algorithm but the own one is believed', async t => {
  const [access, refresh] = [read(tokens.access), read(tokens.refresh)]
  const jwk = app.core.signingKeys.jwks().keys.find(({ kid }) => kid === access.header.kid) as never
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string
  const forged: Record<string, string> = {}
  for (const { header, claims } of [access, refresh]) {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, 1, ['none'], undefined]) {
      const unsigned = `${encode({ ...header, alg })}.${encode(claims)}.`
      forged[`unsigned ${header.typ} ${JSON.stringify(alg)}`] = unsigned
      forged[`unsigned ${header.typ} ${JSON.stringify(alg)}, without the last dot`] = unsigned.slice(0, -1)
      forged[`signed ${header.typ} ${JSON.stringify(alg)}`] = `${unsigned}${tokens.access.split('.')[2]}`
    }
    for (const [name, key] of Object.entries({ pem, 'pem trimmed': pem.trim(), jwk: JSON.stringify(jwk), empty: '' }))
      for (const size of [256, 384, 512])
        forged[`HS${size} ${header.typ} ${name}`] = hmac({ ...header, alg: `HS${size}` }, claims, key, `sha${size}`)
    for (const alg of ['ES256', 'ES384', 'ES256K', 'RS256', 'PS256', 'EdDSA', 'es256', 'HS256'])
      forged[`own key as ${alg} ${header.typ}`] = es256({ ...header, alg }, claims, own.privateKey)
  }
  forged['refresh key, other hash'] = hmac({ ...refresh.header, alg: 'HS512' }, refresh.claims, keys.refresh, 'sha512')
  forged['access key, other name'] = es256({ ...access.header, alg: 'ES384' }, access.claims, keys.access)
  await refusedEverywhere(t, forged)
})

t.test('no key is taken from a token, and no unknown key at all', async t => {
  const { header, claims } = read(tokens.access)
  const jwk = own.publicKey.export({ format: 'jwk' })
  const forged: Record<string, string> = {}
  const kids = ['', 'x', '__proto__', 'constructor', '../../dev/null', "' OR 1=1 --", null, 0, true, [header.kid], {}]
  for (const kid of [...kids, undefined, `${header.kid}\0`, ` ${header.kid}`]) {
    forged[`kid ${JSON.stringify(kid)}`] = es256({ ...header, kid }, claims, keys.access)
    forged[`kid ${JSON.stringify(kid)}, own key`] = es256({ ...header, kid }, claims, own.privateKey)
  }
  const next = app.core.signingKeys.list().find(({ state }) => state === 'next')?.kid
  forged['kid of the next key'] = es256({ ...header, kid: next }, claims, keys.access)
  const pointers = { jwk, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/', x5c: ['AA=='], x5t: 'AA' }
  for (const [name, value] of Object.entries(pointers))
    forged[name] = es256({ ...header, [name]: value }, claims, own.privateKey)
  for (const crit of [['exp'], ['b64'], ['x'], [], 'x', [1]])
    forged[`crit ${JSON.stringify(crit)}`] = es256({ ...header, crit, b64: true, x: 1 }, claims, keys.access)
  await refusedEverywhere(t, forged)
})

t.test('a genuine signature under wrong or missing claims is worth nothing', async t => {
  const [access, refresh] = [read(tokens.access), read(tokens.refresh)]
  const sign = {
    access: (change: object) => es256(access.header, { ...access.claims, ...change }, keys.access),
    refresh: (change: object) => hmac(refresh.header, { ...refresh.claims, ...change }, keys.refresh)
  }
  const { post, protected: see } = client(app)
  t.equal((await see(sign.access({}))).statusCode, 200, 'a token that is made like this, and right, is valid')
  t.equal((await post('/api/verify/', { token: sign.refresh({}) })).statusCode, 200)

  const now = Math.floor(clock.now() / 1000)
  const wrong = { iss: 'http://other.test', exp: now, token_type: 'id' }
  const odd = { iss: ['http://auth.test'], exp: `${now + 60}`, token_type: ['access', 'refresh'] }
  const forged: Record<string, string> = { 'access aud': sign.access({ aud: 'http://other.test' }) }
  for (const [kind, make] of Object.entries(sign)) {
    for (const [name, value] of [...Object.entries(wrong), ...Object.entries(odd)])
      forged[`${kind} ${name} ${JSON.stringify(value)}`] = make({ [name]: value })
    for (const name of ['iss', 'sub', 'exp', 'iat', 'jti', 'sid', 'token_type'])
      forged[`${kind} without ${name}`] = make({ [name]: undefined })
  }
  forged['access without aud'] = sign.access({ aud: undefined })
  forged['refresh of no session'] = sign.refresh({ sid: 'x' })
  await refusedEverywhere(t, forged)
})

t.test('a token of another instance is refused, under the same master secret too', async t => {
  const forged: Record<string, string> = {}
  for (const [why, options] of Object.entries({
    stranger: {},
    sibling: { authSecret, publicUrl: 'http://sibling.test' }
  })) {
    const other = client(await build(t, options, { now: clock.now }))
    await other.register()
    const { access, refresh } = await other.login()
    t.equal((await other.protected(access)).statusCode, 200)
    Object.assign(forged, { [`access of a ${why}`]: access, [`refresh of a ${why}`]: refresh })
  }
  await refusedEverywhere(t, forged)
})
