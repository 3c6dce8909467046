import t from 'tap'
import { build, client } from '../helper.ts'
import { pair, read, refused } from './answers.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const change = { old_password: 'oldpassword', new_password: 'newpassword123' }

for (const slash of ['/', '']) {
  t.test(`the README's walk works ${slash ? 'with' : 'without'} a trailing slash`, async t => {
    const { post, get } = client(await build(t))

    const registered = await post(`/api/register${slash}`, {
      username: 'user',
      email: 'user@example.com',
      password: 'oldpassword'
    })
    t.equal(registered.statusCode, 201)
    t.equal(registered.headers['content-type'], JSON_TYPE)
    const { id, created_at, ...rest } = registered.json()
    t.match(id, UUID7)
    t.match(created_at, ISO)
    const fresh = { username: 'user', email: 'user@example.com', email_verified: false, roles: [], profile: {} }
    t.strictSame(rest, { ...fresh, last_login_at: null })

    const first = pair(t, await post(`/api/login${slash}`, { username: 'user', password: 'oldpassword' }))

    const seen = await get(`/api/protected${slash}`, first.access)
    t.equal(seen.statusCode, 200)
    t.equal(seen.headers['content-type'], JSON_TYPE)
    const { message, user, ...nothing } = seen.json()
    t.same(nothing, {})
    t.type(message, 'string')
    t.match(user.last_login_at, ISO)
    t.strictSame({ ...user, last_login_at: null }, registered.json())

    const second = pair(t, await post(`/api/refresh${slash}`, { refresh: first.refresh }))
    t.not(second.refresh, first.refresh)

    const changed = await post(`/api/change-password${slash}`, change, second.access)
    t.equal(changed.statusCode, 200)
    t.equal(changed.headers['content-type'], JSON_TYPE)
    t.strictSame(changed.json(), { detail: 'Password changed.' })

    const checked = await post(`/api/verify${slash}`, { token: second.access })
    t.equal(checked.statusCode, 200)
    t.strictSame(checked.json(), {})

    const out = await post(`/api/logout${slash}`, { refresh: second.refresh })
    t.equal(out.statusCode, 204)
    t.equal(out.body, '')
    t.equal(out.headers['content-type'], undefined)

    refused(t, await get(`/api/protected${slash}`, second.access), 'token_not_valid')
    refused(t, await get(`/api/protected${slash}`), 'not_authenticated')
    refused(t, await post(`/api/refresh${slash}`, { refresh: second.refresh }), 'token_not_valid')
    refused(t, await post(`/api/login${slash}`, { username: 'user', password: 'oldpassword' }), 'no_active_account')
    pair(t, await post(`/api/login${slash}`, { username: 'user', password: 'newpassword123' }))
  })
}

t.test('the tokens say what the contract says', async t => {
  const { register, login } = client(await build(t))
  const user = (await register()).json()
  const { access, refresh } = await login()

  const { header, claims } = read(access)
  t.same(Object.keys(header).sort(), ['alg', 'kid', 'typ'])
  t.match(header, { alg: 'ES256', typ: 'at+jwt', kid: /^[\w-]{43}$/ })
  t.match(claims, {
    iss: 'http://auth.test',
    aud: 'http://auth.test',
    sub: user.id,
    sid: UUID7,
    jti: /^[\w-]{22}$/,
    token_type: 'access',
    username: 'ada',
    email: 'ada@example.com',
    email_verified: false,
    roles: [],
    amr: ['pwd']
  })
  t.equal(Number(claims.exp) - Number(claims.iat), 300)
  t.equal(claims.auth_time, claims.iat)

  t.same(read(refresh).header, { alg: 'HS256', typ: 'rt+jwt' })
  const { iat, exp, jti, ...known } = read(refresh).claims
  t.same(known, { iss: 'http://auth.test', sub: user.id, sid: claims.sid, token_type: 'refresh' })
  t.equal(Number(exp) - Number(iat), 86_400)
  t.not(jti, claims.jti)
})

t.test('no answer and no token holds a password or its hash', async t => {
  const { register, post, protected: see } = client(await build(t))
  const registered = await register()
  const loggedIn = await post('/api/login/', { username: 'ada', password: 'correct horse' })
  const { access, refresh } = loggedIn.json()
  const claims = [access, refresh].map(token => JSON.stringify(read(token)))
  const bodies = [registered, loggedIn, await see(access)].map(answer => answer.body)
  for (const text of [...bodies, ...claims]) t.notMatch(text, /correct horse|argon2|password/i)
})
