import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build, client, testClock } from '../helper.ts'
import { refused } from './answers.ts'
import { authSecret, encode, flips, type Pair, refuseAll } from './forgery.ts'

const clock = testClock()
let app: FastifyInstance
let tokens: Pair

t.before(async () => {
  app = await build(t, { authSecret }, { now: clock.now })
  const { register, login } = client(app)
  await register()
  tokens = await login()
})

const refusedEverywhere = (t: Test, forged: Record<string, string>) => refuseAll(t, app, tokens, forged)

t.test('whatever was done to a token on its way, it is no token any more', async t => {
  for (const token of [tokens.access, tokens.refresh]) {
    const [header = '', claims = '', signature = ''] = token.split('.')
    const cut = [
      1,
      signature.length,
      signature.length + 1,
      token.length >> 1,
      token.length - header.length,
      token.length
    ]
    const dressed = [
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `${token}=`,
      `${token}.`,
      `.${token}`,
      `${token}.x`,
      `"${token}"`
    ]
    const moved = [
      `${claims}.${header}.${signature}`,
      `${header}..${signature}`,
      `${header}.${claims}`,
      `..${signature}`
    ]
    const inner = [
      `${header}.${claims}.!${signature}`,
      `${header}.${claims}.${signature.slice(0, 9)}\n${signature.slice(9)}`
    ]
    const encoded = `${header}.${claims}.${Buffer.from(signature, 'base64url').toString('base64')}`
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = letters[letters.indexOf(signature.at(-1) ?? '') ^ 1]
    const sameBytes = `${token.slice(0, -1)}${last}`
    const huge = [`${token}${'A'.repeat(10_000)}`, `${header}.${'A'.repeat(10_000)}.${signature}`]
    const variants = [
      ...cut.map(length => token.slice(0, -length)),
      ...dressed,
      ...moved,
      ...inner,
      encoded,
      sameBytes,
      ...huge
    ]
    await refusedEverywhere(t, {
      ...flips(token),
      ...Object.fromEntries(variants.entries())
    })
  }
})

t.test('what is no token at all is refused as one that is not valid', async t => {
  const texts = [
    '',
    '.',
    '..',
    '...',
    'null',
    'undefined',
    'Bearer',
    '{}',
    '[]',
    '\0',
    '😀.😀.😀',
    '\ud800.\ud800.\ud800'
  ]
  const json = [
    'null',
    '1',
    '"x"',
    '[]',
    '{"alg":"ES256"',
    '{"alg":"ES256","kid":{"toString":1}}',
    '\ufeff{}',
    `${'['.repeat(3000)}`
  ]
  const parts = json.flatMap(part => [`${encode(part)}.${encode(part)}.AAAA`, `${encode(part)}.AAAA.AAAA`])
  const all = [...texts, ...parts, 'A'.repeat(12_000), '.'.repeat(12_000)]
  await refusedEverywhere(t, Object.fromEntries(all.map(text => [JSON.stringify(text).slice(0, 50), text])))
})

t.test('a token is valid until the second that it names', async t => {
  const { post, protected: see, login, refresh } = client(app)
  const pair = await login()
  clock.advance(299_000)
  t.equal((await see(pair.access)).statusCode, 200)
  clock.advance(1000)
  refused(t, await see(pair.access), 'token_not_valid')
  refused(t, await post('/api/verify/', { token: pair.access }), 'token_not_valid')
  clock.advance(86_400_000 - 300_000 - 1)
  t.equal((await post('/api/verify/', { token: pair.refresh })).statusCode, 200)
  clock.advance(1)
  refused(t, await post('/api/verify/', { token: pair.refresh }), 'token_not_valid')
  refused(t, await refresh(pair.refresh), 'token_not_valid')
  refused(t, await post('/api/logout/', { refresh: pair.refresh }), 'token_not_valid')
})

t.test('without credentials the challenge asks for some; with wrong ones it says so', async t => {
  const { send } = client(app)
  const see = (authorization?: string) =>
    send({ url: '/api/protected/', headers: { ...(authorization !== undefined && { authorization }) } })
  for (const none of [undefined, '']) {
    const answer = await see(none)
    refused(t, answer, 'not_authenticated')
    t.equal(answer.headers['www-authenticate'], 'Bearer')
  }
  const { access } = await client(app).login()
  const wrong = [
    'Bearer',
    'Bearer ',
    'Basic YWRhOng=',
    'Token x',
    access,
    `Token ${access}`,
    `Bearer${access}`,
    `Bearer\t${access}`
  ]
  const several = [
    `Bearer ${access} x`,
    `Bearer ${access}, Bearer x`,
    `Bearer ${access},`,
    `Bearer "${access}"`,
    `Bearer token=${access}`
  ]
  for (const header of [...wrong, ...several]) {
    const answer = await see(header)
    refused(t, answer, 'token_not_valid', [], header.slice(0, 20))
    t.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"')
  }
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer '])
    t.equal(
      (await see(`${scheme} ${access}`)).statusCode,
      200,
      `${scheme}: a scheme has no case (RFC 9110 section 11.1)`
    )
})

t.test('a token is read from the Authorization header only', async t => {
  const { send, login } = client(app)
  const { access } = await login()
  const places = [
    { url: `/api/protected/?access_token=${access}&token=${access}` },
    { url: '/api/protected/', headers: { cookie: `access=${access}; access_token=${access}` } },
    { url: '/api/protected/', headers: { 'x-access-token': access, 'proxy-authorization': `Bearer ${access}` } },
    { url: '/api/protected/', payload: { access_token: access } }
  ]
  for (const place of places) refused(t, await send(place), 'not_authenticated')
})
