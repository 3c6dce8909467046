import t from 'tap'
import { accountService } from './service.ts'

const HOUR = 3_600_000
const password = 'correct horse'

t.test('the old address stays until the new one confirms, and both are told', async t => {
  const { app, confirmed, post, login, letters, letter, protected: see } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  const asked = await post('/api/change-email/', { password, new_email: 'ada@example.org' }, access)
  t.equal(asked.statusCode, 202)
  const [toNew, toOld] = (await letters()).sort((a, b) => b.to.localeCompare(a.to))
  t.same([toNew?.to, toOld?.to], ['ada@example.org', 'ada@example.com'])
  t.match(toOld?.text, /ada@example\.org/)
  t.equal(toOld?.token, '', 'only the new address can confirm')
  t.equal(toNew?.page, 'http://auth.test/account/change-email')
  t.equal((await see(access)).json().user.email, 'ada@example.com')
  const confirmedNow = await post('/api/change-email/confirm/', { token: toNew?.token })
  t.equal(confirmedNow.statusCode, 200)
  t.match((await see(access)).json().user, { email: 'ada@example.org', email_verified: true })
  const notice = await letter()
  t.equal(notice.to, 'ada@example.com')
  t.equal((await post('/api/change-email/confirm/', { token: toNew?.token })).json().code, 'invalid_link')
  t.ok(await login('ada@example.org'))
  t.equal((await post('/api/login/', { username: 'ada@example.com', password })).statusCode, 401)
  t.same(await app.core.users.findByEmail('ada@example.com'), undefined)
})

t.test('the code of the mail confirms too, with the new address', async t => {
  const { confirmed, post, login, letters } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  await post('/api/change-email/', { password, new_email: 'ada@example.org' }, access)
  const code = (await letters()).find(({ to }) => to === 'ada@example.org')?.code
  const confirm = (email: string) => post('/api/change-email/confirm/', { email, code })
  t.equal((await confirm('ada@example.com')).json().code, 'invalid_link')
  t.equal((await confirm('ada@example.org')).statusCode, 200)
})

t.test('it takes the password, and a new address that is one', async t => {
  const { confirmed, post, login, letters } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  const ask = async (body: object) => (await post('/api/change-email/', body, access)).json()
  t.match(await ask({ password: 'wrong horse', new_email: 'ada@example.org' }), {
    code: 'wrong_password',
    errors: { password: ['The password is wrong.'] }
  })
  t.match(await ask({ new_email: 'ada@example.org' }), { errors: { password: ['This field is required.'] } })
  t.match(await ask({ password }), { errors: { new_email: ['This field is required.'] } })
  t.match(await ask({ password, new_email: 'ada' }), { errors: { new_email: [/^Must be an e-mail address/] } })
  t.match(await ask({ password, new_email: 'ADA@example.com' }), { errors: { new_email: [/already/] } })
  t.equal((await post('/api/change-email/', { password, new_email: 'a@example.org' })).json().code, 'not_authenticated')
  t.same(await letters(), [])
})

t.test('an address of somebody else gets a mail that says so, and the answer tells nothing', async t => {
  const { confirmed, post, login, letters } = await accountService(t)
  await confirmed()
  await confirmed('grace')
  const { access } = await login()
  await letters()
  const taken = await post('/api/change-email/', { password, new_email: 'grace@example.com' }, access)
  const mails = await letters()
  const free = await post('/api/change-email/', { password, new_email: 'free@example.com' }, access)
  t.equal(taken.statusCode, 202)
  t.equal(taken.body, free.body)
  t.same(mails.map(({ to, token }) => [to, token]).sort(), [
    ['ada@example.com', ''],
    ['grace@example.com', '']
  ])
})

t.test('somebody who proves the address in the meantime has it', async t => {
  const { confirmed, register, post, login, letters, letter, protected: see } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  await post('/api/change-email/', { password, new_email: 'new@example.com' }, access)
  const link = (await letters()).find(({ to }) => to === 'new@example.com')
  await register('grace', password, 'new@example.com')
  await letter()
  t.equal((await post('/api/change-email/confirm/', { token: link?.token })).json().code, 'invalid_link')
  t.equal((await see(access)).json().user.email, 'ada@example.com')
})

t.test(
  'the link dies after 24 hours, with the next request and with a password change; the session that asked may end',
  async t => {
    const { confirmed, post, login, logout, letters, clock, changePassword } = await accountService(t)
    await confirmed()
    const pair = await login()
    const ask = async (new_email: string, access: string, secret = password) => {
      await letters()
      await post('/api/change-email/', { password: secret, new_email }, access)
      return (await letters()).find(({ to }) => to === new_email)?.token
    }
    const confirm = async (token: string | undefined) =>
      (await post('/api/change-email/confirm/', { token })).statusCode
    const superseded = await ask('one@example.com', pair.access)
    const changed = await ask('two@example.com', pair.access)
    t.equal(await confirm(superseded), 400)
    await changePassword(pair.access, password, 'another good horse')
    t.equal(await confirm(changed), 400)
    const expired = await ask('three@example.com', pair.access, 'another good horse')
    clock.advance(24 * HOUR)
    t.equal(await confirm(expired), 400)
    const next = await login('ada', 'another good horse')
    const fine = await ask('four@example.com', next.access, 'another good horse')
    await logout(next.refresh)
    t.equal((await post('/api/change-email/', { password, new_email: 'x@example.com' }, next.access)).statusCode, 401)
    t.equal(await confirm(fine), 200)
  }
)

t.test('without a password a fresh login is enough, and an old one is not', async t => {
  const { register, post, letter, letters, clock } = await accountService(t, { authAccessTtl: '1h' })
  await register()
  await letters()
  await post('/api/login/email/', { email: 'ada@example.com' })
  const { access } = (await post('/api/login/email/confirm/', { token: (await letter()).token })).json()
  t.equal((await post('/api/change-email/', { new_email: 'ada@example.org' }, access)).statusCode, 202)
  clock.advance(5 * 60_000 + 1)
  const late = await post('/api/change-email/', { new_email: 'ada@example.org' }, access)
  t.equal(late.statusCode, 403)
  t.equal(late.json().code, 'step_up_required')
})
