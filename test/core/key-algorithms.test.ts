import { constants, createPublicKey, sign, verify, type webcrypto } from 'node:crypto'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { buildServer } from '../../src/server.ts'
import { until } from '../cli/process.ts'
import { build, client, testClock } from '../helper.ts'
import { authSecret, encode, es256, hmac, own, refuseAll, stolenKeys } from '../routes/forgery.ts'

interface Jwk extends webcrypto.JsonWebKey {
  kid: string
  alg: string
}

const published = async (app: FastifyInstance) =>
  (await client(app).get('/.well-known/jwks.json')).json().keys as [Jwk, Jwk, ...Jwk[]]
const part = (token: string, at: number) => JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString())

/** What a verifier does that has node:crypto and nothing else. */
function isGenuine(token: string, key: Jwk): boolean {
  const [header, claims, signature = ''] = token.split('.')
  const hash = key.alg === 'EdDSA' ? null : 'sha256'
  const publicKey = { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
  return verify(hash, Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
}

const kinds = {
  ES256: { kty: 'EC', crv: 'P-256', own: ['crv', 'x', 'y'] },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', own: ['crv', 'x'] },
  RS256: { kty: 'RSA', crv: undefined, own: ['e', 'n'] }
} as const

for (const [authKeyAlgorithm, kind] of Object.entries(kinds) as Array<['ES256', (typeof kinds)['ES256']]>) {
  t.test(
    `with AUTH_KEY_ALGORITHM=${authKeyAlgorithm} everything works, and the published key checks a token`,
    async t => {
      const app = await build(t, { authKeyAlgorithm })
      const http = client(app)
      await http.register()
      const pair = await http.login()
      const { access } = (await http.refresh(pair.refresh)).json()
      const keys = await published(app)
      for (const key of keys) {
        t.match(key, { kty: kind.kty, crv: kind.crv, alg: authKeyAlgorithm, use: 'sig' })
        t.same(Object.keys(key).sort(), [...kind.own, 'alg', 'kid', 'kty', 'use'].sort(), 'and nothing private')
        t.equal(key.kid, await calculateJwkThumbprint(key as never))
      }
      t.same(part(access, 0), { alg: authKeyAlgorithm, typ: 'at+jwt', kid: keys[0].kid })
      t.ok(isGenuine(access, keys[0]))
      t.notOk(isGenuine(access, keys[1]), 'the other key does not')
      for (const token of [pair.access, access]) t.equal((await http.protected(token)).statusCode, 200)
      t.equal((await http.post('/api/verify/', { token: access })).statusCode, 200)
      t.equal((await http.logout((await http.login()).refresh)).statusCode, 204)

      const [head, , signature] = access.split('.')
      const claims = { ...part(access, 1), roles: ['admin'] }
      t.equal((await http.protected(`${head}.${encode(claims)}.${signature}`)).statusCode, 401, 'the claims are signed')
      if (authKeyAlgorithm === ('RS256' as string))
        t.equal(createPublicKey({ key: keys[0], format: 'jwk' }).asymmetricKeyDetails?.modulusLength, 3072)
    }
  )
}

t.test('a status list is signed with the current key, and is no token', async t => {
  const app = await build(t, { authKeyAlgorithm: 'EdDSA', authSecret })
  const http = client(app)
  await http.register()
  const { access, refresh } = await http.login()
  await app.core.signingKeys.rotate({ force: true })
  const list = app.core.signingKeys.signStatusList(part(access, 1))
  const [, current] = await published(app)
  t.same(part(list, 0), { alg: 'EdDSA', typ: 'statuslist+jwt', kid: current.kid })
  t.ok(isGenuine(list, current))
  await refuseAll(t, app, { access, refresh }, { 'a status list with the claims of an access token': list })
})

t.test('another algorithm comes into force with the next rotation, and no token is refused', async t => {
  const clock = testClock()
  const store = {
    databaseUrl: `sqlite:${join(t.testdir({}), 'postern.db')}`,
    authKeyRotation: '1d',
    authAccessTtl: '1d'
  }
  const lives = { ...store, authRefreshTtl: '2d' }
  const first = buildServer({ ...lives, publicUrl: 'http://auth.test', logLevel: 'silent' }, { now: clock.now })
  t.teardown(() => first.close())
  await first.ready()
  await client(first).register()
  clock.advance(12 * 3_600_000)
  const before = await client(first).login()
  const [signs] = await published(first)
  await first.close()

  const app = await build(t, { ...lives, authKeyAlgorithm: 'RS256' }, { now: clock.now })
  const http = client(app)
  const [current, next] = await until(async () => {
    const keys = await published(app)
    return keys[1]?.alg === 'RS256' && keys
  })
  t.same([current.kid, current.alg], [signs.kid, 'ES256'], 'the key that signs stays')
  t.equal((await published(app)).length, 2, 'the one that had not signed is gone')
  clock.advance(12 * 3_600_000)
  await app.core.signingKeys.maintain()
  const after = await http.login()
  t.match(part(after.access, 0), { alg: 'RS256', kid: next.kid })
  for (const { access } of [before, after]) t.equal((await http.protected(access)).statusCode, 200)
})

t.test('a key checks tokens of its own algorithm only (RFC 8725 section 3.1)', async t => {
  const app = await build(t, { authSecret })
  const http = client(app)
  await http.register()
  const pair = await http.login()
  const { access: key } = await stolenKeys(app)
  const [jwk] = await published(app)
  const { alg: _, ...header } = part(pair.access, 0)
  const claims = part(pair.access, 1)
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string
  t.equal(
    (await http.protected(es256({ alg: 'ES256', ...header }, claims, key))).statusCode,
    200,
    'the forgery is good'
  )
  const forged: Record<string, string> = {}
  for (const alg of ['EdDSA', 'RS256', 'PS256', 'ES384', 'HS256', 'none', 'es256', 'Ed25519'])
    forged[`the right key under ${alg}`] = es256({ alg, ...header }, claims, key)
  forged['HMAC with the public key'] = hmac({ alg: 'HS256', ...header }, claims, pem)
  forged['HMAC with the JWK'] = hmac({ alg: 'HS256', ...header }, claims, JSON.stringify(jwk))
  await refuseAll(t, app, pair, forged)
})

t.test('an RSA key is good for RS256, and for nothing else that RSA can do', async t => {
  const app = await build(t, { authSecret, authKeyAlgorithm: 'RS256' })
  await client(app).register()
  const pair = await client(app).login()
  const { access: key } = await stolenKeys(app)
  const { alg: _, ...header } = part(pair.access, 0)
  const rsa = (alg: string, padding: number) => {
    const input = `${encode({ alg, ...header })}.${encode(part(pair.access, 1))}`
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    const signature = sign(`sha${alg.slice(2)}`, Buffer.from(input), { key, padding, saltLength })
    return `${input}.${signature.toString('base64url')}`
  }
  t.equal((await client(app).protected(rsa('RS256', constants.RSA_PKCS1_PADDING))).statusCode, 200)
  await refuseAll(t, app, pair, {
    RS384: rsa('RS384', constants.RSA_PKCS1_PADDING),
    RS512: rsa('RS512', constants.RSA_PKCS1_PADDING),
    PS256: rsa('PS256', constants.RSA_PKCS1_PSS_PADDING)
  })
})

t.test('a token that names a key of another algorithm is refused, whoever signed it', async t => {
  const secret = { authSecret, databaseUrl: `sqlite:${join(t.testdir({}), 'postern.db')}` }
  const first = await build(t, secret)
  await client(first).register()
  const app = await build(t, { ...secret, authKeyAlgorithm: 'EdDSA' })
  await app.core.signingKeys.rotate({ force: true })
  const [old, current] = await published(app)
  t.same([old.alg, current.alg], ['ES256', 'EdDSA'])
  const pair = await client(app).login()
  const claims = part(pair.access, 1)
  const { access: key } = await stolenKeys(app)
  const edDsa = (header: object) => {
    const input = `${encode(header)}.${encode(claims)}`
    return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
  }
  const typ = 'at+jwt'
  t.equal((await client(app).protected(edDsa({ alg: 'EdDSA', typ, kid: current.kid }))).statusCode, 200)
  await refuseAll(t, app, pair, {
    'EdDSA, under the ES256 key': edDsa({ alg: 'EdDSA', typ, kid: old.kid }),
    'EdDSA that says ES256, under the ES256 key': edDsa({ alg: 'ES256', typ, kid: old.kid }),
    'EdDSA that says ES256, under its own': edDsa({ alg: 'ES256', typ, kid: current.kid }),
    'ES256 of somebody, under the EdDSA key': es256({ alg: 'ES256', typ, kid: current.kid }, claims, own.privateKey),
    'ES256 that says EdDSA, under the EdDSA key': es256({ alg: 'EdDSA', typ, kid: current.kid }, claims, own.privateKey)
  })
})
