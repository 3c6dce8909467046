import t from 'tap'
import { testClock } from '../helper.ts'
import { until } from '../mail/mails.ts'
import { alertOf, errorOf, forms, titleOf } from './form.ts'

t.test('without scripts an address is confirmed with the code of the mail, in any spelling', async t => {
  const { post, ask, user } = await forms(t, { authAppUrl: 'https://app.example.com/?a=1&b=2' })
  const { email, code } = await ask('verify_email')
  const answer = await post('verify-email', { email: email.toUpperCase(), code: code.toLowerCase().replace('-', ' ') })
  t.equal(answer.statusCode, 200)
  t.match(titleOf(answer.body), /^Address confirmed · 127\.0\.0\.1:\d+$/)
  t.match(answer.body, '<a href="https://app.example.com/?a=1&#38;b=2">Continue</a>')
  t.notMatch(answer.body, /<form|<script/)
  t.equal((await user())?.emailVerified, true)
  const again = await post('verify-email', { email, code })
  t.equal(again.statusCode, 400)
  t.match(alertOf(again.body), 'does not work')
})

t.test('a code that is too old, or was replaced by a newer mail, is refused with the same words', async t => {
  const clock = testClock()
  const { post, ask } = await forms(t, {}, '', clock.now)
  const first = await ask('verify_email')
  const second = await ask('verify_email')
  const said = [await post('verify-email', { email: first.email, code: first.code })]
  clock.advance(24 * 3_600_000)
  said.push(await post('verify-email', { email: second.email, code: second.code }))
  for (const { statusCode, body } of said) {
    t.equal(statusCode, 400)
    t.match(alertOf(body), 'it is too old, or a newer mail has taken its place')
  }
})

t.test('without scripts somebody says that an account is not theirs', async t => {
  const { post, ask, user } = await forms(t)
  const { email, code } = await ask('verify_email')
  t.match(titleOf((await post('verify-email/disown', { email, code })).body), /^Address removed/)
  t.equal((await user())?.email, null)
})

t.test('a weak password does not use the code up, and no password comes back in the page', async t => {
  const { post, ask, http } = await forms(t)
  const { email, code } = await ask('reset_password')
  const weak = await post('reset-password', { email, code, new_password: 'password123' })
  t.equal(weak.statusCode, 400)
  t.match(titleOf(weak.body), /^Error: Set a new password/)
  t.equal(errorOf(weak.body, 'confirm-new_password'), 'This password is too common.')
  t.match(weak.body, /id="confirm-new_password"[^>]* aria-invalid="true" autofocus/)
  t.match(weak.body, `value="${code}"`, 'what else was typed is still there')
  t.notMatch(weak.body, 'password123')
  const good = await post('reset-password', { email, code, new_password: 'a longer one' })
  t.match(titleOf(good.body), /^Password set/)
  t.ok((await http.login('ada', 'a longer one')).access)
})

t.test('an empty form says which fields are missing; a wrong code says nothing about the account', async t => {
  const { post } = await forms(t)
  const empty = await post('reset-password', '')
  for (const name of ['email', 'code', 'new_password'])
    t.equal(errorOf(empty.body, `confirm-${name}`), 'This field is required.')
  t.match(empty.body, /id="confirm-email"[^>]* autofocus/)
  const answers = []
  for (const email of ['ada@example.com', 'nobody@example.com']) {
    const { statusCode, body } = await post('reset-password', {
      email,
      code: 'AAAA-AAAA',
      new_password: 'a longer one'
    })
    t.equal(statusCode, 400)
    answers.push(body.replaceAll(email, ''))
  }
  t.equal(answers[0], answers[1])
})

t.test('a new address is confirmed without scripts', async t => {
  const { post, ask, user } = await forms(t)
  const { email, code } = await ask('change_email')
  t.match(titleOf((await post('change-email', { email, code })).body), /^Address changed/)
  t.equal((await user())?.email, 'ada@new.example')
})

t.test('asking for a mail is answered alike for known and unknown addresses', async t => {
  const { post, mails } = await forms(t)
  for (const [page, kind] of [
    ['verify-email', 'verify_email'],
    ['reset-password', 'reset_password'],
    ['login', 'login']
  ] as const) {
    const before = mails.filter(mail => mail.kind === kind).length
    const [known, unknown] = [
      await post(`${page}/request`, { email: 'ada@example.com' }),
      await post(`${page}/request`, { email: 'eve@example.com' })
    ]
    t.same([known.statusCode, unknown.statusCode], [202, 202])
    t.equal(known.body.replaceAll('ada@', 'eve@'), unknown.body)
    t.match(known.body, /role="status"><p>If /)
    await until(() => mails.filter(mail => mail.kind === kind).length > before)
  }
  t.same([...new Set(mails.map(({ to }) => to))], ['ada@example.com'])
})

t.test('an invitation is accepted without scripts, with the fields that the profile asks for', async t => {
  const properties = {
    team: { type: 'string', enum: ['red', 'blue'] },
    age: { type: 'integer', minimum: 18, title: 'Age in years' },
    news: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    motto: { type: 'string' },
    level: { type: 'integer', readOnly: true, default: 1 }
  }
  const schema = { type: 'object', properties, required: ['team', 'age', 'news', 'tags'] }
  const folder = t.testdir({ 'profile.json': JSON.stringify(schema), data: {} })
  const { post, ask, user, app } = await forms(t, {
    databaseUrl: 'sqlite::memory:',
    dataDir: `${folder}/data`,
    authProfileSchema: `${folder}/profile.json`
  })
  const page = (await app.inject('/account/accept-invite')).body
  t.match(page, /<label for="confirm-age">Age in years</)
  t.notMatch(page, /motto|level/)
  const { email, code } = await ask('invite')
  const account = { email, code, username: 'grace', password: 'correct horse', team: 'blue', tags: '["a","b"]' }
  const young = await post('accept-invite', { ...account, age: '12', news: 'true' })
  t.equal(young.statusCode, 400)
  t.match(errorOf(young.body, 'confirm-age'), /18/)
  t.match(young.body, '<option selected>blue</option>')
  t.match(young.body, /id="confirm-news"[^>]* checked/)
  const accepted = await post('accept-invite', { ...account, age: '36' })
  t.equal(accepted.statusCode, 201)
  t.match(titleOf(accepted.body), /^Account created/)
  t.same((await user('grace'))?.profile, { team: 'blue', age: 36, news: false, tags: ['a', 'b'], level: 1 })
})
