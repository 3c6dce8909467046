import t from 'tap'
import { accountService } from './service.ts'

const MINUTE = 60_000
const FRESH = 'a longer one this time'

t.test('a mailed link sets a new password, ends every session and tells the owner', async t => {
  const { confirmed, post, letter, letters, login, protected: see, refresh } = await accountService(t)
  await confirmed()
  const before = await login()
  await letters()
  const asked = await post('/api/password-reset/', { email: 'Ada@Example.com' })
  t.equal(asked.statusCode, 202)
  const mail = await letter()
  t.equal(mail.to, 'ada@example.com')
  t.equal(mail.page, 'http://auth.test/account/reset-password')
  t.equal((await see(before.access)).statusCode, 200, 'asking changes nothing')
  const reset = await post('/api/password-reset/confirm/', { token: mail.token, new_password: FRESH })
  t.equal(reset.statusCode, 204)
  t.equal((await see(before.access)).statusCode, 401)
  t.equal((await refresh(before.refresh)).statusCode, 401)
  t.match((await letter()).subject, /password .* changed/)
  t.equal((await post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 401)
  t.ok((await login('ada', FRESH)).access)
})

t.test('a weak password does not use the link up, nor the code', async t => {
  const { confirmed, post, letter } = await accountService(t)
  await confirmed()
  await post('/api/password-reset/', { email: 'ada@example.com' })
  const { token, code } = await letter()
  for (let n = 0; n < 6; n += 1) {
    for (const proof of [{ token }, { email: 'ada@example.com', code }]) {
      const answer = await post('/api/password-reset/confirm/', { ...proof, new_password: 'password1' })
      t.same(answer.json().errors, { new_password: ['This password is too common.'] })
    }
  }
  const proof = { email: 'ada@example.com', code }
  t.equal((await post('/api/password-reset/confirm/', { ...proof, new_password: FRESH })).statusCode, 204)
})

t.test('of fifty who use one link at once, one sets the password', async t => {
  const { confirmed, post, letter, login } = await accountService(t)
  await confirmed()
  await post('/api/password-reset/', { email: 'ada@example.com' })
  const { token } = await letter()
  const fresh = Array.from({ length: 50 }, (_, n) => `the password number ${n}`)
  const answers = await Promise.all(
    fresh.map(new_password => post('/api/password-reset/confirm/', { token, new_password }))
  )
  const winners = fresh.filter((_, n) => answers[n]?.statusCode === 204)
  t.equal(winners.length, 1)
  t.ok((await login('ada', winners[0])).access)
  const refused = answers.filter(answer => answer.statusCode !== 204).map(answer => answer.json().code)
  // Who waited too long for the others is told to try again.
  t.same(
    refused.filter(code => !['invalid_link', 'unavailable', 'overloaded'].includes(code)),
    []
  )
})

t.test(
  'a link dies after half an hour, with the next one, with a password change and with a change of address',
  async t => {
    const { app, confirmed, post, letter, letters, login, changePassword, clock } = await accountService(t)
    await confirmed()
    const ask = async () => {
      await letters()
      await post('/api/password-reset/', { email: 'ada@example.com' })
      return (await letter()).token
    }
    const use = async (token: string) =>
      (await post('/api/password-reset/confirm/', { token, new_password: FRESH })).json().code
    const expired = await ask()
    clock.advance(30 * MINUTE)
    t.equal(await use(expired), 'invalid_link')
    const superseded = await ask()
    await ask()
    t.equal(await use(superseded), 'invalid_link')
    const changed = await ask()
    await changePassword((await login()).access, 'correct horse', 'another good horse')
    t.equal(await use(changed), 'invalid_link')
    const moved = await ask()
    const { access } = await login('ada', 'another good horse')
    await letters()
    await post('/api/change-email/', { password: 'another good horse', new_email: 'ada@example.org' }, access)
    const mail = (await letters()).find(({ to }) => to === 'ada@example.org')
    await post('/api/change-email/confirm/', { token: mail?.token })
    t.equal(await use(moved), 'invalid_link')
    t.same(await app.core.users.findByEmail('ada@example.com'), undefined)
  }
)

t.test('somebody who resets the password of an unproven account shares nothing with who made it', async t => {
  const { register, post, letter, letters, login, refresh, protected: see } = await accountService(t)
  await register('ada', 'the password of mallory')
  const mallory = await login('ada', 'the password of mallory')
  const verification = await letter()
  await post('/api/password-reset/', { email: 'ada@example.com' })
  const { token } = await letter()
  t.equal((await post('/api/password-reset/confirm/', { token, new_password: FRESH })).statusCode, 204)
  t.equal((await see(mallory.access)).statusCode, 401)
  t.equal((await refresh(mallory.refresh)).statusCode, 401)
  t.equal((await post('/api/login/', { username: 'ada', password: 'the password of mallory' })).statusCode, 401)
  t.equal((await post('/api/verify-email/', { token: verification.token })).json().code, 'invalid_link')
  await letters()
  const { user } = (await see((await login('ada', FRESH)).access)).json()
  t.equal(user.email_verified, true)
})

t.test('an account without a password gets one', async t => {
  const { register, post, letter, letters, login } = await accountService(t)
  await register()
  await letters()
  await post('/api/login/email/', { email: 'ada@example.com' })
  await post('/api/login/email/confirm/', { token: (await letter()).token })
  t.equal((await post('/api/login/', { username: 'ada', password: 'correct horse' })).statusCode, 401)
  await letters()
  await post('/api/password-reset/', { email: 'ada@example.com' })
  await post('/api/password-reset/confirm/', { token: (await letter()).token, new_password: FRESH })
  t.ok((await login('ada', FRESH)).access)
})
