import t from 'tap'
import { accountService } from './service.ts'

const REQUESTS = ['/api/password-reset/', '/api/verify-email/resend/', '/api/login/email/'] as const

/** Each would send a mail to somebody else, or say something in our name, if it got through. */
const HOSTILE = [
  'ada@example.com\r\nBcc: eve@example.com',
  'ada@example.com\nSubject: hello',
  'ada@example.com,eve@example.com',
  'ada@example.com;eve@example.com',
  'ada@example.com eve@example.com',
  '"Ada" <ada@example.com>',
  '<ada@example.com>',
  'ada@example.com\u0000',
  'ada\u200b@example.com',
  'аda@example.com', // the first letter is Cyrillic
  'ada@exаmple.com',
  'ada@example.com%0d%0aBcc:eve@example.com',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(260)}.com`
]

t.test('an address that is not one address is refused wherever one is given, and no mail leaves', async t => {
  const { confirmed, post, login, letters, register } = await accountService(t)
  await confirmed()
  const { access } = await login()
  await letters()
  for (const email of HOSTILE) {
    const name = JSON.stringify(email.slice(0, 60))
    for (const path of REQUESTS) {
      const answer = await post(path, { email })
      t.equal(answer.statusCode, 400, `${path} ${name}`)
      t.match(answer.json().errors, { email: [/^Must be an e-mail address/] })
    }
    t.match((await register('eve', 'correct horse', email)).json().errors, { email: [String] }, name)
    const change = await post('/api/change-email/', { password: 'correct horse', new_email: email }, access)
    t.match(change.json().errors, { new_email: [String] }, name)
  }
  t.same(await letters(), [])
})

t.test('a list, an object and 100 kB are refused too', async t => {
  const { post, letters } = await accountService(t)
  for (const path of REQUESTS) {
    for (const email of [['ada@example.com', 'eve@example.com'], { $ne: null }, null, 1, true])
      t.equal((await post(path, { email })).json().code, 'validation_failed', `${path} ${JSON.stringify(email)}`)
    t.equal((await post(path, { email: `${'a'.repeat(100_000)}@example.com` })).statusCode, 413)
    t.equal((await post(path, { email: `${'a'.repeat(60_000)}@example.com` })).statusCode, 400)
  }
  t.same(await letters(), [])
})

t.test('a mail goes to the stored address, under whatever spelling it was asked for', async t => {
  const { confirmed, post, letters } = await accountService(t)
  await confirmed()
  await post('/api/password-reset/', { email: ' ADA@EXAMPLE.COM ' })
  await post('/api/password-reset/', { email: 'Ada@Example.Com' })
  t.same(
    (await letters()).map(({ to }) => to),
    ['ada@example.com', 'ada@example.com']
  )
})

t.test('no header of a request says where a link leads', async t => {
  const { app, confirmed, letter } = await accountService(t, { authTrustProxy: ['127.0.0.1'] })
  await confirmed()
  const headers = {
    host: 'evil.test',
    forwarded: 'host=evil.test;proto=http',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    'x-original-url': 'http://evil.test/',
    origin: 'http://evil.test',
    referer: 'http://evil.test/'
  }
  await app.inject({ method: 'POST', url: '/api/password-reset/', payload: { email: 'ada@example.com' }, headers })
  const { mail, text } = await letter()
  t.notMatch(text + mail.html, /evil/)
})
