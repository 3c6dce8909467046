import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { simpleParser } from 'mailparser'
import t, { type Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { Mail } from '../../src/core/mail.ts'
import { eq } from '../../src/db/drizzle.ts'
import { build, client, testClock } from '../helper.ts'
import { until } from './mails.ts'

const DAY = 86_400_000
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const UPDATED = 'Mozilla/5.0 (X11; Linux x86_64; rv:152.1) Gecko/20100101 Firefox/152.1'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

/** A service, and the mails that leave it. */
async function posted(t: Test, options: Options = {}) {
  const clock = testClock()
  const sent: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void sent.push(mail), close: async () => {} }
  const app = await build(t, { authEmailVerification: 'off', ...options }, { now: clock.now, mailer })
  const { register, post } = client(app)

  return {
    ...client(app),
    app,
    clock,
    /** Registers somebody whose address is proven. */
    async prove(username = 'ada', password?: string): Promise<void> {
      await register(username, password)
      await proven(app, username)
    },
    async enter(userAgent: string, username = 'ada', language?: string) {
      const headers = { 'user-agent': userAgent, ...(language && { 'accept-language': language }) }
      const payload = { username, password: 'correct horse' }
      const answer = await app.inject({ method: 'POST', url: '/api/login/', payload, headers })
      t.equal(answer.statusCode, 200)
      return answer.json() as { access: string; refresh: string }
    },
    /** The mails since it was asked last, in the order of their kinds; nothing is on its way any more. */
    async arrived(): Promise<Mail[]> {
      await until(async () => (await app.core.outbox.summary()).waiting === 0)
      return sent.splice(0).sort((a, b) => (a.kind < b.kind ? -1 : 1))
    },
    change: (access: string, fresh: string) =>
      post('/api/change-password/', { old_password: 'correct horse', new_password: fresh }, access)
  }
}

/** The address of a user is proven, as if its owner had followed a link. */
async function proven({ database }: FastifyInstance, username: string): Promise<void> {
  const { users } = database.tables
  const prove = database.prepare(`test_prove_${username}`, q =>
    q.update(users).set({ emailVerified: true }).where(eq(users.username, username)).returning()
  )
  await database.write(() => prove())
}

const devices = ({ database }: FastifyInstance) =>
  database.read(database.prepare('test_devices', q => q.select().from(database.tables.knownDevices))())

t.test('a changed password is told to its user, once, and a refused change is not', async t => {
  const { prove, enter, change, arrived } = await posted(t)
  await prove()
  const { access } = await enter(FIREFOX)
  t.equal((await change(access, 'short')).statusCode, 400)
  t.same(await arrived(), [])
  t.equal((await change(access, 'a longer one this time')).statusCode, 200)
  t.match(await arrived(), [
    {
      kind: 'password_changed',
      to: 'ada@example.com',
      values: { username: 'ada', time: '2026-01-31T12:00:00.000Z', ip: '127.0.0.1', device: 'lightMyRequest' }
    }
  ])
  t.equal((await change(access, 'another long one here')).statusCode, 400, 'the password is another one by now')
  t.same(await arrived(), [])
})

t.test('the mail is readable, in the language of the browser that changed the password', async t => {
  const top = t.testdir({
    mails: {
      'password_changed.de.subject.mustache': 'Ihr Passwort wurde geändert',
      'password_changed.de.text.mustache': 'Hallo {{username}}, mit {{device}} am {{time}}',
      'password_changed.de.html.mustache': '<p>Hallo {{username}}</p>'
    }
  })
  const dataDir = join(top, 'data')
  const app = await build(
    t,
    {
      databaseUrl: 'sqlite::memory:',
      dataDir,
      authMailTemplates: join(top, 'mails'),
      authEmailVerification: 'off'
    },
    { sendsMail: true }
  )
  const { register, login } = client(app)
  await register()
  await proven(app, 'ada')
  const { access } = await login()
  const answer = await app.inject({
    method: 'POST',
    url: '/api/change-password/',
    payload: { old_password: 'correct horse', new_password: 'a longer one this time' },
    headers: { authorization: `Bearer ${access}`, 'accept-language': 'de-AT,de;q=0.9', 'user-agent': FIREFOX }
  })
  t.equal(answer.statusCode, 200)
  await until(() => app.core.outbox.counts().sent === 1)
  const files = readdirSync(join(dataDir, 'outbox'))
  t.equal(files.length, 1)
  const mail = await simpleParser(readFileSync(join(dataDir, 'outbox', `${files}`)))
  t.equal(mail.subject, 'Ihr Passwort wurde geändert')
  t.match(mail.text, /^Hallo ada, mit Firefox \(Linux\) am \d+\. \p{L}+ \d{4} um \d\d:\d\d UTC$/mu)
  t.match(mail.html, '<html lang="de"')
  t.equal(mail.headers.get('content-language'), 'de')
})

t.test('a login from a device that the account does not know is told to its user', async t => {
  const { app, prove, enter, arrived, clock } = await posted(t)
  await prove()
  await enter(FIREFOX)
  t.same(await arrived(), [], 'not the first one')
  clock.advance(DAY)
  await enter(FIREFOX)
  await enter(UPDATED)
  t.same(await arrived(), [], 'nor the same one, nor one whose browser was updated')
  await enter(SAFARI, 'ada', 'de')
  t.match(await arrived(), [
    {
      kind: 'new_device',
      to: 'ada@example.com',
      language: 'de',
      values: { username: 'ada', time: '2026-02-01T12:00:00.000Z', ip: '127.0.0.1', device: SAFARI }
    }
  ])
  await enter(SAFARI)
  await enter(FIREFOX)
  t.same(await arrived(), [], 'once for each')
  await enter('')
  t.match(await arrived(), [{ kind: 'new_device', values: { device: undefined } }], 'one without a name is one too')

  await prove('eve')
  await enter(SAFARI, 'eve')
  await enter(FIREFOX, 'eve')
  t.match(await arrived(), [{ kind: 'new_device', to: 'eve@example.com' }], 'each account has its own')
  const stored = await devices(app)
  t.equal(stored.length, 5)
  t.notMatch(JSON.stringify(stored), /Firefox|iPhone|127\.0\.0\.1/i, 'as pseudonyms')
})

t.test('a login that fails is neither noted nor told', async t => {
  const { app, prove, enter, arrived, send } = await posted(t)
  await prove()
  await enter(FIREFOX)
  const payload = { username: 'ada', password: 'wrong horse' }
  const headers = { 'user-agent': SAFARI }
  t.equal((await send({ method: 'POST', url: '/api/login/', payload, headers })).statusCode, 401)
  t.same(await arrived(), [])
  t.equal((await devices(app)).length, 1)
})

t.test('a device that was not seen for 90 days is forgotten, and the next login to the account is told', async t => {
  const { app, prove, enter, arrived, clock } = await posted(t)
  await prove()
  await enter(FIREFOX)
  await enter(SAFARI)
  await arrived()
  clock.advance(89 * DAY)
  await enter(FIREFOX)
  clock.advance(2 * DAY)
  await app.core.housekeeping.sweep()
  await enter(FIREFOX)
  t.same(await arrived(), [])
  await enter(SAFARI)
  t.match(await arrived(), [{ kind: 'new_device' }])
  clock.advance(91 * DAY)
  await app.core.housekeeping.sweep()
  t.same(await devices(app), [])
  await enter(FIREFOX)
  t.match(await arrived(), [{ kind: 'new_device' }], 'nobody has used the account for so long')
})

t.test('an account keeps its 50 latest devices', async t => {
  const { app, prove, enter, arrived, clock } = await posted(t)
  await prove()
  const letters = (number: number) => String(number).replace(/\d/g, digit => 'abcdefghij'[Number(digit)] as string)
  for (let number = 0; number < 52; number++) {
    clock.advance(1000)
    await enter(`client-${letters(number)}`)
  }
  t.equal((await arrived()).length, 51)
  t.equal((await devices(app)).length, 50)
  await enter(`client-${letters(51)}`)
  t.same(await arrived(), [])
  await enter(`client-${letters(0)}`)
  t.equal((await arrived()).length, 1, 'the one that was not seen for longest is forgotten')
})

t.test('a refresh token that is used again ends its session, and the user is told', async t => {
  const { app, prove, enter, arrived, clock, refresh, logout } = await posted(t)
  await prove()
  const first = await enter(FIREFOX)
  const second = await enter(FIREFOX)
  t.equal((await refresh(first.refresh)).statusCode, 200)
  t.equal((await refresh(second.refresh)).statusCode, 200)
  clock.advance(5_000)
  t.equal((await refresh(first.refresh)).statusCode, 200)
  t.same(await arrived(), [], 'nothing within the grace')
  clock.advance(60_000)
  const headers = { 'user-agent': 'curl/8.14.1', 'accept-language': 'de' }
  const reuse = () => app.inject({ method: 'POST', url: '/api/refresh/', payload: { refresh: first.refresh }, headers })
  const answers = await Promise.all([reuse(), reuse(), reuse()])
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [401, 401, 401]
  )
  const told = await arrived()
  t.match(
    told,
    [{ kind: 'session_reuse', to: 'ada@example.com', values: { ip: '127.0.0.1', device: FIREFOX } }],
    'once'
  )
  t.equal(told[0]?.language, undefined, 'and not in the language of whoever used it again')
  t.equal((await logout(second.refresh)).statusCode, 401)
  t.match(await arrived(), [{ kind: 'session_reuse' }])
})

t.test('an address that nobody has proven is told nothing, and neither is a user without one', async t => {
  const { app, register, enter, change, arrived, refresh, clock } = await posted(t, {
    authEmailVerification: 'optional'
  })
  await register()
  const { access, refresh: token } = await enter(FIREFOX)
  await enter(SAFARI)
  await refresh(token)
  clock.advance(60_000)
  t.equal((await refresh(token)).statusCode, 401)
  const { access: other } = await enter(FIREFOX)
  t.not(access, other)
  t.equal((await change(other, 'a longer one this time')).statusCode, 200)
  const notices = (await arrived()).filter(({ kind }) => !['verify_email', 'account_exists'].includes(kind))
  t.same(notices, [])
  t.same((await app.core.outbox.summary()).dead, 0)
})
