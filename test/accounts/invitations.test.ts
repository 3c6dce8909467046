import type { Test } from 'tap'
import t from 'tap'
import type { Options } from '../../src/config.ts'
import { accountService } from './service.ts'

const account = { username: 'grace', password: 'a longer one this time' }

/** A service for invited people, with an administrator who is logged in. */
async function byInvitation(t: Test, options: Options = {}) {
  const service = await accountService(t, { authRegistration: 'invite', ...options })
  await service.app.core.registration.create({
    username: 'root',
    email: null,
    password: 'correct horse',
    roles: ['admin']
  })
  const { access } = await service.login('root')
  const send = (method: 'GET' | 'POST' | 'DELETE', payload?: object, token = access) =>
    service.app.inject({
      method,
      url: '/api/invitations/',
      headers: { authorization: `Bearer ${token}` },
      ...(payload && { payload })
    })
  return { ...service, access, send }
}

t.test('an invitation is mailed, and makes an account with a proven address and its roles', async t => {
  const { send, letter, post, protected: see, login } = await byInvitation(t)
  const invited = await send('POST', { email: 'Grace@Example.com', roles: ['editor'] })
  t.equal(invited.statusCode, 202)
  const mail = await letter()
  t.equal(mail.to, 'Grace@example.com', 'domains have no case')
  t.equal(mail.page, 'http://auth.test/account/accept-invite')
  t.match((await send('GET')).json(), { invitations: [{ email: 'Grace@Example.com', roles: ['editor'] }] })
  const accepted = await post('/api/invitations/accept/', { token: mail.token, ...account })
  t.equal(accepted.statusCode, 201)
  t.match(accepted.json(), { username: 'grace', email: 'Grace@Example.com', email_verified: true, roles: ['editor'] })
  t.same((await see((await login('grace@example.com', account.password)).access)).json().user.roles, ['editor'])
  t.same((await send('GET')).json(), { invitations: [] })
  const again = await post('/api/invitations/accept/', { token: mail.token, ...account, username: 'grace2' })
  t.equal(again.json().code, 'invalid_link')
})

t.test('nobody registers without one, and the code of the mail is one too', async t => {
  const { register, send, letter, post } = await byInvitation(t)
  const refused = await register('mallory')
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { code: 'permission_denied', detail: 'Registration is by invitation only.' })
  await send('POST', { email: 'grace@example.com' })
  const { code } = await letter()
  t.equal((await post('/api/invitations/accept/', { email: 'eve@example.com', code, ...account })).statusCode, 400)
  t.equal((await post('/api/invitations/accept/', { email: 'grace@example.com', code, ...account })).statusCode, 201)
})

t.test('what is refused does not use an invitation up, and roles cannot be asked for', async t => {
  const { send, letter, post } = await byInvitation(t)
  await send('POST', { email: 'grace@example.com' })
  const { token } = await letter()
  const accept = async (body: object) => (await post('/api/invitations/accept/', { token, ...account, ...body })).json()
  t.match(await accept({ password: 'password1' }), { errors: { password: ['This password is too common.'] } })
  t.match(await accept({ username: 'root' }), { errors: { username: ['A user with this name exists already.'] } })
  for (const more of [{ roles: ['admin'] }, { email_verified: true }, { id: '1' }, { email: 'eve@example.com' }])
    t.equal((await accept(more)).code, 'validation_failed', JSON.stringify(more))
  t.match(await accept({}), { username: 'grace', roles: [] })
})

t.test('of fifty who accept one at once, one gets the account', async t => {
  const { send, letter, post } = await byInvitation(t)
  await send('POST', { email: 'grace@example.com' })
  const { token } = await letter()
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => post('/api/invitations/accept/', { token, ...account, username: `grace${n}` }))
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1)
})

t.test('one dies after seven days, with the next one, and when it is taken back', async t => {
  const { send, letter, post, clock, login } = await byInvitation(t)
  const accept = async (token: string) => (await post('/api/invitations/accept/', { token, ...account })).statusCode
  const invite = async (token?: string) => {
    await send('POST', { email: 'grace@example.com' }, token)
    return (await letter()).token
  }
  const superseded = await invite()
  const withdrawn = await invite()
  t.equal(await accept(superseded), 400)
  t.equal((await send('DELETE', { email: 'GRACE@example.com' })).statusCode, 204)
  t.equal((await send('DELETE', { email: 'grace@example.com' })).statusCode, 404)
  t.equal(await accept(withdrawn), 400)
  const expired = await invite()
  clock.advance(7 * 86_400_000)
  t.equal(await accept(expired), 400)
  t.equal(await accept(await invite((await login('root')).access)), 201)
})

t.test('only administrators invite, and only as long as they are', async t => {
  const { app, send, access, login, letters } = await byInvitation(t)
  await app.core.registration.create({ username: 'ada', email: null, password: 'correct horse', roles: ['editor'] })
  const { access: ada } = await login('ada')
  for (const method of ['GET', 'POST', 'DELETE'] as const) {
    const payload = method === 'GET' ? undefined : { email: 'grace@example.com' }
    t.equal((await send(method, payload, ada)).json().code, 'permission_denied')
  }
  const { users } = app.database.tables
  const demote = app.database.prepare('test_demote', q => q.update(users).set({ roles: [] }).returning())
  await app.database.write(() => demote())
  t.equal((await send('POST', { email: 'grace@example.com' }, access)).json().code, 'permission_denied')
  t.same(await letters(), [])
})

t.test('bad addresses and roles, and addresses of users, are refused by name', async t => {
  const { app, send, letters } = await byInvitation(t)
  await app.core.registration.create({ username: 'ada', email: 'ada@example.com', password: 'correct horse' })
  await letters()
  const invite = async (body: object) => (await send('POST', body)).json().errors
  t.match(await invite({ email: 'grace' }), { email: [/^Must be an e-mail address/] })
  t.match(await invite({ email: 'ADA@example.com' }), { email: ['A user with this address exists already.'] })
  t.match(await invite({ email: 'grace@example.com', roles: ['a,b'] }), { roles: [/^Must be letters/] })
  t.same(await letters(), [])
})
