import t, { type Test } from 'tap'
import { StartError } from '../../src/errors.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { client } from '../helper.ts'
import { read } from '../routes/answers.ts'
import { authSecret, encode, es256, flips, hmac, own, stolenKeys } from '../routes/forgery.ts'
import { listening, type Postern, verdict } from './postern.ts'

const JWKS = '/.well-known/jwks.json'
let postern: Postern

t.before(async () => {
  postern = await listening(t, { authSecret })
})

async function refusesAll(t: Test, tokens: Record<string, string>) {
  const verifier = postern.verifier()
  for (const [why, token] of Object.entries(tokens)) t.equal(await verdict(verifier, token), 'token_not_valid', why)
  t.equal(await verdict(verifier, postern.tokens.access), 'accepted')
}

t.test('a genuine access token gives its claims', async t => {
  const { sub, username, roles, token_type } = await postern.verifier().verify(postern.tokens.access)
  t.match(
    { sub, username, roles, token_type },
    { sub: /^[0-9a-f-]{36}$/, username: 'ada', roles: [], token_type: 'access' }
  )
})

t.test('keys are asked for once, however many tokens come at the same time', async t => {
  const before = postern.asked(JWKS)
  const verifier = postern.verifier()
  const { login } = client(postern.app)
  const tokens = [postern.tokens, await login(), await login()].map(({ access }) => access)
  await Promise.all([...tokens, ...tokens, ...tokens].map(token => verifier.verify(token)))
  t.equal(postern.asked(JWKS), before + 1)
})

t.test('made-up keys cause one more request, not one each', async t => {
  const before = postern.asked(JWKS)
  const verifier = postern.verifier()
  await verifier.verify(postern.tokens.access)
  const { header, claims } = read(postern.tokens.access)
  for (let n = 0; n < 20; n++) {
    const token = es256({ ...header, kid: `made-up-${n}` }, claims, own.privateKey)
    t.equal(await verdict(verifier, token), 'token_not_valid')
  }
  t.ok(postern.asked(JWKS) - before <= 2, 'asked at most twice')
})

t.test('tokens for others, of other kinds and out of time are refused', async t => {
  const { access } = await stolenKeys(postern.app)
  const { header, claims } = read(postern.tokens.access)
  const changed = (more: object) => es256(header, { ...claims, ...more }, access)
  t.equal(await verdict(postern.verifier(), changed({})), 'accepted', 'the key is the right one')
  await refusesAll(t, {
    refresh: postern.tokens.refresh,
    'another audience': changed({ aud: 'https://other.test' }),
    'no audience': changed({ aud: undefined }),
    'another issuer': changed({ iss: 'https://evil.test' }),
    'no issuer': changed({ iss: undefined }),
    'no expiry': changed({ exp: undefined }),
    'an expiry in words': changed({ exp: '9999999999' }),
    expired: changed({ exp: Math.floor(postern.clock.now() / 1000) }),
    'refresh by its claim': changed({ token_type: 'refresh' }),
    'typed as refresh': es256({ ...header, typ: 'rt+jwt' }, claims, access),
    'typed as a status list': es256({ ...header, typ: 'statuslist+jwt' }, claims, access),
    'without a type': es256({ ...header, typ: undefined }, claims, access),
    'a critical extension': es256({ ...header, crit: ['b64'], b64: false }, claims, access),
    'a machine that calls itself another': changed({ sid: undefined, client_id: 'other' }),
    'a session without a word': changed({ sid: 1 }),
    'a status list elsewhere': changed({
      status: { status_list: { idx: 0, uri: 'http://127.0.0.1:1/status-lists/0' } }
    }),
    'a negative index': changed({ status: { status_list: { idx: -1, uri: `${postern.url}/status-lists/0` } } })
  })
})

t.test('no algorithm but that of the key is believed, and no key that a token brings along', async t => {
  const { header, claims } = read(postern.tokens.access)
  const jwk = JSON.stringify(postern.app.core.signingKeys.jwks().keys[0])
  const ownJwk = own.publicKey.export({ format: 'jwk' })
  await refusesAll(t, {
    none: `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`,
    'none, with the signature': `${encode({ ...header, alg: 'none' })}.${encode(claims)}.${postern.tokens.access.split('.')[2]}`,
    'the public key as a secret': hmac({ ...header, alg: 'HS256' }, claims, jwk),
    'own key': es256(header, claims, own.privateKey),
    'own key, embedded': es256({ ...header, jwk: ownJwk }, claims, own.privateKey),
    'own key, linked': es256({ ...header, jku: 'http://127.0.0.1:1/jwks' }, claims, own.privateKey),
    'kid of another type': es256({ ...header, kid: ['a'] }, claims, own.privateKey),
    'kid of the prototype': es256({ ...header, kid: '__proto__' }, claims, own.privateKey)
  })
})

t.test('whatever is malformed is refused, and nothing throws anything else', async t => {
  const { access } = postern.tokens
  const [header, claims, signature] = access.split('.') as [string, string, string]
  await refusesAll(t, {
    ...flips(access),
    empty: '',
    dots: '..',
    'two parts': `${header}.${claims}`,
    'four parts': `${access}.${signature}`,
    'a space': `${access} `,
    padding: `${access}=`,
    'standard base64': `${header}.${claims}.${signature.slice(0, -2)}+/`,
    'no JSON': `${encode('{')}.${claims}.${signature}`,
    'a header that is null': `${encode('null')}.${claims}.${signature}`,
    'very long': `${header}.${'A'.repeat(1_000_000)}.${signature}`,
    'not a word of a token': 'ä'.repeat(100)
  })
})

t.test('a token that was accepted is refused from the second of its expiry on', async t => {
  const { access } = await client(postern.app).login()
  const verifier = postern.verifier({ statusLists: 'ignore' })
  const { exp } = await verifier.verify(access)
  postern.clock.advance(exp * 1000 - postern.clock.now() - 1)
  t.equal(await verdict(verifier, access), 'accepted')
  postern.clock.advance(1)
  t.equal(await verdict(verifier, access), 'token_not_valid')
  postern.tokens = await client(postern.app).login()
})

t.test('options that cannot be meant are named', async t => {
  for (const options of [{ issuer: '' }, { issuer: 'auth.example.com' }, { issuer: 'https://a.test', timeout: 0 }])
    t.throws(() => createVerifier(options), StartError)
  t.throws(() => createVerifier({ issuer: 'https://a.test', whenStale: 'maybe' as never }), /whenStale/)
})
