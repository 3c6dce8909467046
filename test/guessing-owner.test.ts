import t from 'tap'
import { events, HOME, MINUTE, RIGHT, service } from './guessing-service.ts'
import { refused } from './routes/answers.ts'

t.test('a hundred in a row disable the password and nothing else, until it is another one', async t => {
  const { register, login, guess, clock, app, mails, post, refresh, stranger } = await service(t)
  await register()
  const home = (await login('ada', RIGHT, HOME)).json()
  const refused401 = await login('ada', 'wrong')
  for (let failures = 1; failures < 100; failures++) {
    if (failures >= 5) clock.advance(10 * MINUTE)
    if (failures >= 14) clock.advance(5 * MINUTE)
    if (failures === 99) t.equal(await events(app, 'authn_login_lock'), 0)
    t.same(await guess('ada', 1), [0], `${failures}`)
  }
  t.equal(await events(app, 'authn_login_lock'), 1)
  clock.advance(15 * MINUTE)
  const answer = await login('ada', RIGHT)
  t.same([answer.statusCode, answer.body], [401, refused401.body])
  t.same((await login('ada@example.com', RIGHT)).statusCode, 401)

  const next = await refresh(home.refresh)
  t.equal(next.statusCode, 200, 'a session goes on')
  t.equal((await login('ada', RIGHT, HOME)).statusCode, 200, 'and the password where it was right before')
  clock.advance(15 * MINUTE)
  t.equal((await login('ada', RIGHT)).statusCode, 401, 'which enables it nowhere else')

  const token = async (path: string, kind: string) => {
    t.equal((await post(path, { email: 'ada@example.com' })).statusCode, 202)
    while (!mails.some(mail => mail.kind === kind)) await new Promise(resolve => setTimeout(resolve, 5))
    return new URL(mails.findLast(mail => mail.kind === kind)?.values.link ?? '').hash.slice('#token='.length)
  }
  const reset = { token: await token('/api/password-reset/', 'reset_password'), new_password: 'another staple' }
  t.equal((await post('/api/password-reset/confirm/', reset)).statusCode, 204)
  t.equal((await login('ada', 'another staple', stranger())).statusCode, 200)
})

t.test('with a mailbox one logs in while the password must wait', async t => {
  const { register, guess, mails, post } = await service(t)
  await register()
  await guess('ada', 6)
  await post('/api/login/email/', { email: 'ada@example.com' })
  while (!mails.some(({ kind }) => kind === 'login')) await new Promise(resolve => setTimeout(resolve, 5))
  const { code } = mails.findLast(({ kind }) => kind === 'login')?.values ?? {}
  t.equal((await post('/api/login/email/confirm/', { email: 'ada@example.com', code })).statusCode, 200)
})

t.test('who keeps an account waiting does not keep its owner out where the password was right before', async t => {
  const { register, login, guess, clock } = await service(t)
  await register()
  t.equal((await login('ada', RIGHT, HOME)).statusCode, 200)
  t.same(await guess('ada', 6), [0, 0, 0, 0, 0, 1])
  t.same(await guess('ada', 4, HOME), [0, 0, 0, 0])
  t.equal((await login('ada', RIGHT, HOME)).statusCode, 200)
  clock.advance(2 * MINUTE)
  t.same(await guess('ada', 6, HOME), [0, 0, 0, 0, 0, 1], 'where guesses count for themselves')
})

t.test('passwords that are guessed in a session make that session wait, and no other, and no login', async t => {
  const { register, login, changePassword, post, clock, app } = await service(t)
  await register()
  const one = (await login('ada', RIGHT, HOME)).json()
  const other = (await login('ada', RIGHT, HOME)).json()
  for (let time = 0; time < 4; time++)
    t.equal((await changePassword(one.access, 'wrong', 'another staple')).statusCode, 400)
  const email = { password: 'wrong', new_email: 'eve@example.com' }
  t.equal((await post('/api/change-email/', email, one.access)).statusCode, 400)
  const answer = await changePassword(one.access, RIGHT, 'another staple')
  refused(t, answer, 'rate_limited')
  t.equal(answer.headers['retry-after'], '1')
  t.equal(
    (
      await app.inject({
        method: 'DELETE',
        url: '/api/me/',
        payload: { password: RIGHT },
        headers: { authorization: `Bearer ${one.access}` }
      })
    ).statusCode,
    429
  )
  t.equal((await login('ada', RIGHT)).statusCode, 200)
  clock.advance(1000)
  t.equal((await changePassword(one.access, 'wrong', 'another staple')).statusCode, 400)
  t.equal((await changePassword(other.access, RIGHT, 'another staple')).statusCode, 200)
})
