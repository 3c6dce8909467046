import t from 'tap'
import { accountService } from './service.ts'

const MINUTE = 60_000

t.test('a link logs in, once, and its session says how', async t => {
  const { confirmed, post, letter, get, protected: see, refresh } = await accountService(t)
  await confirmed()
  t.equal((await post('/api/login/email/', { email: 'ADA@example.com' })).statusCode, 202)
  const { token, to, page } = await letter()
  t.equal(to, 'ada@example.com')
  t.equal(page, 'http://auth.test/account/login')
  const answer = await post('/api/login/email/confirm/', { token })
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { token_type: 'Bearer', expires_in: 300 })
  t.equal((await see(answer.json().access)).json().message, 'Hello, ada.')
  t.same((await get('/api/sessions/', answer.json().access)).json().sessions[0].amr, ['otp'])
  t.equal((await refresh(answer.json().refresh)).statusCode, 200)
  t.equal((await post('/api/login/email/confirm/', { token })).json().code, 'invalid_link')
})

t.test('so does the code of six digits, with the address that it was sent to', async t => {
  const { confirmed, register, post, letter, letters } = await accountService(t)
  await confirmed()
  await register('grace')
  await letters()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { code } = await letter()
  t.match(code, /^\d{3} \d{3}$/)
  const confirm = (email: string, code: string) => post('/api/login/email/confirm/', { email, code })
  t.equal((await confirm('grace@example.com', code)).json().code, 'invalid_link', 'bound to its challenge')
  t.equal((await confirm('ada@example.com', code)).statusCode, 200)
  t.equal((await confirm('ada@example.com', code)).json().code, 'invalid_link')
})

t.test(
  'five wrong codes, however many at once, and the code is dead; the link is not, and neither is the next code',
  async t => {
    const { confirmed, post, letter } = await accountService(t)
    await confirmed()
    await post('/api/login/email/', { email: 'ada@example.com' })
    const { code, token } = await letter()
    const confirm = (code: string) => post('/api/login/email/confirm/', { email: 'ada@example.com', code })
    const wrong = Array.from({ length: 50 }, (_, n) => String(n).padStart(6, '0')).filter(
      guess => guess !== code.replace(' ', '')
    )
    await Promise.all(wrong.map(confirm))
    t.equal((await confirm(code)).json().code, 'invalid_link')
    t.equal((await post('/api/login/email/confirm/', { token })).statusCode, 200)
    await post('/api/login/email/', { email: 'ada@example.com' })
    t.equal((await confirm((await letter()).code)).statusCode, 200)
  }
)

t.test('four wrong codes leave the fifth try', async t => {
  const { confirmed, post, letter } = await accountService(t)
  await confirmed()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { code } = await letter()
  const confirm = (code: string) => post('/api/login/email/confirm/', { email: 'ada@example.com', code })
  for (const n of [1, 2, 3, 4]) await confirm(code.replace(/\d$/, last => String((Number(last) + n) % 10)))
  t.equal((await confirm(code)).statusCode, 200)
})

t.test('of fifty who follow one link at once, one is logged in', async t => {
  const { confirmed, post, letter } = await accountService(t)
  await confirmed()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { token } = await letter()
  const answers = await Promise.all(Array.from({ length: 50 }, () => post('/api/login/email/confirm/', { token })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
})

t.test('a link dies after ten minutes, and with the account', async t => {
  const { app, confirmed, post, letter, clock, login, letters } = await accountService(t)
  await confirmed()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { token } = await letter()
  clock.advance(10 * MINUTE)
  t.equal((await post('/api/login/email/confirm/', { token })).json().code, 'invalid_link')
  await post('/api/login/email/', { email: 'ada@example.com' })
  const next = await letter()
  const { access } = await login()
  await letters()
  const headers = { authorization: `Bearer ${access}` }
  await app.inject({ method: 'DELETE', url: '/api/me/', payload: { password: 'correct horse' }, headers })
  t.equal((await post('/api/login/email/confirm/', { token: next.token })).json().code, 'invalid_link')
})

t.test(
  'whoever proves the mailbox of an unproven account shares neither password nor sessions with who made it',
  async t => {
    const { register, post, letter, login, refresh, protected: see } = await accountService(t)
    await register('ada', 'the password of mallory')
    const mallory = await login('ada', 'the password of mallory')
    const verification = await letter()
    await post('/api/login/email/', { email: 'ada@example.com' })
    const answer = await post('/api/login/email/confirm/', { token: (await letter()).token })
    t.equal(answer.statusCode, 200)
    t.equal((await see(answer.json().access)).json().user.email_verified, true)
    t.equal((await see(mallory.access)).statusCode, 401)
    t.equal((await refresh(mallory.refresh)).statusCode, 401)
    t.equal((await post('/api/login/', { username: 'ada', password: 'the password of mallory' })).statusCode, 401)
    t.equal((await post('/api/verify-email/', { token: verification.token })).json().code, 'invalid_link')
  }
)

t.test('whoever has proved the address keeps password and sessions', async t => {
  const { confirmed, post, letter, letters, login, protected: see } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  await post('/api/login/email/', { email: 'ada@example.com' })
  await post('/api/login/email/confirm/', { token: (await letter()).token })
  t.equal((await see(access)).statusCode, 200)
  t.ok(await login())
})

t.test('where addresses must be proven, logging in by mail proves one', async t => {
  const { register, post, letter, letters } = await accountService(t, { authEmailVerification: 'required' })
  await register()
  await letters()
  await post('/api/login/email/', { email: 'ada@example.com' })
  t.equal((await post('/api/login/email/confirm/', { token: (await letter()).token })).statusCode, 200)
  await post('/api/password-reset/', { email: 'ada@example.com' })
  t.equal((await letters()).length, 1)
})
