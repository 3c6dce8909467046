import t from 'tap'
import { accountService } from './service.ts'

const HOUR = 3_600_000

t.test('whoever registers gets a mail whose link confirms the address, once', async t => {
  const { register, post, letter, protected: see, login } = await accountService(t)
  const registered = await register()
  t.equal(registered.statusCode, 201)
  t.equal(registered.json().email_verified, false)
  const mail = await letter()
  t.equal(mail.to, 'ada@example.com')
  t.equal(mail.page, 'http://auth.test/account/verify-email')
  t.ok(String(mail.mail.html).includes(mail.token), 'the button leads there too')
  const answer = await post('/api/verify-email/', { token: mail.token })
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { username: 'ada', email: 'ada@example.com', email_verified: true })
  t.equal((await see((await login()).access)).json().user.email_verified, true)
  const again = await post('/api/verify-email/', { token: mail.token })
  t.equal(again.statusCode, 400)
  t.equal(again.json().code, 'invalid_link')
})

t.test('the code of the mail does what its link does, however it is typed', async t => {
  const { register, post, letter } = await accountService(t)
  await register()
  const { code } = await letter()
  const typed = ` ${code.replace('-', ' ').toLowerCase()} `
  t.equal((await post('/api/verify-email/', { email: 'ADA@example.com', code: typed })).statusCode, 200)
  t.equal((await post('/api/verify-email/', { email: 'ada@example.com', code })).json().code, 'invalid_link')
})

t.test('five wrong codes leave the link alone and nothing else', async t => {
  const { register, post, letter } = await accountService(t)
  await register()
  const { code, token } = await letter()
  const guess = (code: string) => post('/api/verify-email/', { email: 'ada@example.com', code })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => guess(`AAAA-${String(n).padStart(4, '0')}`)))
  t.ok(answers.every(answer => answer.json().code === 'invalid_link'))
  t.equal((await guess(code)).json().code, 'invalid_link')
  t.equal((await post('/api/verify-email/', { token })).statusCode, 200)
})

t.test('of fifty who follow one link at once, one is first', async t => {
  const { register, post, letter } = await accountService(t)
  await register()
  const { token } = await letter()
  const answers = await Promise.all(Array.from({ length: 50 }, () => post('/api/verify-email/', { token })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.equal(answers.filter(answer => answer.json().code === 'invalid_link').length, 49)
})

t.test('a link dies after 24 hours, and with the next one', async t => {
  const { register, post, letter, clock } = await accountService(t)
  await register()
  const first = await letter()
  const resent = await post('/api/verify-email/resend/', { email: 'ada@example.com' })
  t.equal(resent.statusCode, 202)
  const second = await letter()
  t.equal((await post('/api/verify-email/', { token: first.token })).json().code, 'invalid_link', 'superseded')
  clock.advance(24 * HOUR)
  t.equal((await post('/api/verify-email/', { token: second.token })).json().code, 'invalid_link', 'expired')
  await post('/api/verify-email/resend/', { email: 'ada@example.com' })
  clock.advance(24 * HOUR - 1)
  t.equal((await post('/api/verify-email/', { token: (await letter()).token })).statusCode, 200)
})

t.test('a token is good for its own purpose only', async t => {
  const { register, post, letter } = await accountService(t)
  await register()
  const { token } = await letter()
  const new_password = 'a longer one this time'
  for (const [path, body] of [
    ['/api/password-reset/confirm/', { token, new_password }],
    ['/api/login/email/confirm/', { token }],
    ['/api/change-email/confirm/', { token }],
    ['/api/invitations/accept/', { token, username: 'eve', password: new_password }]
  ] as const)
    t.equal((await post(path, body)).json().code, 'invalid_link', path)
  t.equal((await post('/api/verify-email/', { token })).statusCode, 200)
})

t.test('neither token nor code, or both, is an error that says what to send; and costs nothing', async t => {
  const { register, post, letter } = await accountService(t)
  await register()
  const { token, code } = await letter()
  const email = 'ada@example.com'
  for (const body of [{}, { email }, { code }, { token, code, email }, { token: 1 }, { token, more: 1 }]) {
    const answer = await post('/api/verify-email/', body)
    t.equal(answer.statusCode, 400)
    t.equal(answer.json().code, 'validation_failed', JSON.stringify(body))
  }
  for (const method of ['GET', 'HEAD', 'OPTIONS'] as const)
    t.equal(
      (await (await accountService(t)).send({ method, url: `/api/verify-email/?token=${token}` })).statusCode,
      404
    )
  t.equal((await post('/api/verify-email/', { token })).statusCode, 200)
})

t.test('an account that is not yours loses your address and its sessions', async t => {
  const { register, post, letter, login, protected: see, refresh } = await accountService(t)
  await register()
  const { access, refresh: token } = await login()
  const mail = await letter()
  t.equal((await post('/api/verify-email/disown/', { token: mail.token })).statusCode, 204)
  t.equal((await see(access)).statusCode, 401)
  t.equal((await refresh(token)).statusCode, 401)
  t.equal((await post('/api/verify-email/', { token: mail.token })).json().code, 'invalid_link')
  const again = await register('grace', 'correct horse', 'ada@example.com')
  t.equal(again.statusCode, 201, 'the address is free')
})

t.test('nobody is asked to confirm anything where verification is off', async t => {
  const { register, post, letters, login } = await accountService(t, { authEmailVerification: 'off' })
  await register()
  t.equal((await post('/api/verify-email/resend/', { email: 'ada@example.com' })).statusCode, 202)
  t.same(await letters(), [])
  t.ok(await login())
})

t.test('where it is required, nobody logs in before, and only who knows the password learns why', async t => {
  const { register, post, letter, login } = await accountService(t, { authEmailVerification: 'required' })
  await register()
  const attempt = (password: string) => post('/api/login/', { username: 'ada', password })
  const refused = await attempt('correct horse')
  t.equal(refused.statusCode, 403)
  t.equal(refused.json().code, 'email_not_verified')
  t.equal((await attempt('wrong horse')).json().code, 'no_active_account')
  await post('/api/verify-email/', { token: (await letter()).token })
  t.ok((await login()).access)
  t.ok((await login('ADA@example.com')).access)
})

t.test('an address belongs to whoever proves it first; the others get nothing of it', async t => {
  const { register, post, letter, login, letters } = await accountService(t, { authEmailVerification: 'required' })
  await register('mallory', 'correct horse', 'ada@example.com')
  const first = await letter()
  await register('ada', 'correct horse', 'ada@example.com')
  const second = await letter()
  t.equal((await post('/api/verify-email/', { token: second.token })).statusCode, 200)
  t.equal((await post('/api/verify-email/', { token: first.token })).json().code, 'invalid_link')
  t.ok((await login('ada@example.com')).access)
  t.equal(
    (await post('/api/login/', { username: 'mallory', password: 'correct horse' })).json().code,
    'email_not_verified'
  )
  t.same(await letters(), [])
})

t.test(
  'registering an address that has an account looks like any other registration, and its owner is told',
  async t => {
    const { confirmed, register, letter, post } = await accountService(t, { authEmailVerification: 'required' })
    await confirmed()
    const taken = await register('mallory', 'correct horse', 'ADA@example.com')
    const mail = await letter()
    const free = await register('grace', 'correct horse', 'grace@example.com')
    await letter()
    const shape = (answer: typeof taken) => ({ status: answer.statusCode, keys: Object.keys(answer.json()) })
    t.same(shape(taken), shape(free))
    t.match(taken.json(), { username: 'mallory', email: 'ADA@example.com', email_verified: false, last_login_at: null })
    t.equal(mail.to, 'ada@example.com', 'as it is stored')
    t.match(mail.subject, /account/i)
    t.equal(mail.token, '', 'there is no link in it')
    for (const username of ['mallory', 'grace'])
      t.equal((await post('/api/login/', { username, password: 'correct horse' })).json().code, 'email_not_verified')
    for (const username of ['ada@example.com', 'grace@example.com'])
      t.equal((await post('/api/login/', { username, password: 'wrong horse' })).json().code, 'no_active_account')
  }
)

t.test('an account that nobody confirms for seven days is gone, and its name is free', async t => {
  const { app, register, clock } = await accountService(t, { authEmailVerification: 'required' })
  await register('mallory')
  clock.advance(7 * 24 * HOUR)
  await app.core.housekeeping.sweep()
  t.equal((await register('mallory')).json().errors?.username[0], 'A user with this name exists already.')
  clock.advance(1)
  await app.core.housekeeping.sweep()
  t.equal((await register('mallory')).statusCode, 201)
})
