import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { build, client, testClock } from '../helper.ts'
import { mailFrom, notice, only, queue, reset, rows, until } from './mails.ts'
import { type MailServer, mailServer } from './smtp-server.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** A service whose clock the test turns, and its mail server. */
async function posted(t: Test, answers: MailServer['answers'] = {}) {
  const clock = testClock()
  const server = await mailServer(t)
  Object.assign(server.answers, answers)
  const app = await build(t, { smtpUrl: server.url, mailFrom }, { now: clock.now })
  /** Waits for the end of that many attempts, those before included. */
  const attempts = (count: number) =>
    until(() => {
      const { sent, delayed, dead } = app.core.outbox.counts()
      return sent + delayed + dead === count
    })
  return { clock, server, app, attempts }
}

t.test('a queued mail arrives, and nothing of it is left', async t => {
  const { app, server, attempts } = await posted(t)
  await queue(app, reset('Ada.Lovelace+x@example.com'))
  await attempts(1)
  const { from, to, mail } = only(server.arrived)
  t.same([from, to], ['no-reply@auth.test', ['Ada.Lovelace+x@example.com']])
  t.match(mail.text, 'http://auth.test/account/reset-password#token=s3cret')
  t.match(mail.html, '<!doctype html>')
  t.equal(mail.from?.text, '"Postern" <no-reply@auth.test>')
  t.equal(mail.headers.get('auto-submitted'), 'auto-generated')
  t.equal(mail.headers.get('content-language'), 'en')
  t.match(mail.messageId, /^<[\da-f-]{36}@auth\.test>$/)
  t.ok(mail.date)
  t.same(await rows(app), [])
  t.same(await app.core.outbox.summary(), { waiting: 0, dead: 0, oldest: undefined })
})

t.test('a transaction that is undone sends nothing', async t => {
  const { app, server, attempts } = await posted(t)
  const undone = app.database.write(function* () {
    yield* app.core.outbox.queue(notice('nobody@example.com'))
    throw new Error('undone')
  })
  await t.rejects(undone, { message: 'undone' })
  await queue(app, notice())
  await attempts(1)
  t.same(
    server.arrived.map(({ to }) => to),
    [['ada@example.com']]
  )
})

t.test('the database shows neither whom a waiting mail is for nor what it says', async t => {
  const { app, attempts } = await posted(t, { from: 450 })
  await queue(app, reset())
  await attempts(1)
  const shown = JSON.stringify(await rows(app))
  t.match(shown, 'reset_password')
  t.notMatch(shown, /example\.com|s3cret|123456|\bada\b/)
})

t.test('a mail that a server cannot take now is tried again, later each time, under the same Message-ID', async t => {
  const { app, clock, server, attempts } = await posted(t, { data: 451 })
  await queue(app, notice())
  const queued = only(await rows(app))
  for (const [failures, longest] of [5, 15, 45, 135, 405, 1_215, 3_600, 3_600].entries()) {
    await attempts(failures + 1)
    const row = only(await rows(app))
    const wait = row.nextAttemptAt.getTime() - clock.now()
    t.ok(wait >= 1_000 && wait <= longest * 1_000, `attempt ${failures + 1}: ${wait} ms are at most ${longest} s`)
    t.equal(row.attempts, failures + 1)
    t.equal(row.lastError, 'EMESSAGE DATA 451')
    clock.advance(wait)
  }
  await attempts(9)
  delete server.answers.data
  clock.advance(60 * MINUTE)
  await until(() => server.arrived.length > 0)
  t.equal(only(server.arrived).mail.messageId, `<${queued.id}@auth.test>`)
})

t.test('nothing is tried before its time', async t => {
  const { app, clock, server, attempts } = await posted(t, { recipient: 450 })
  await queue(app, notice())
  await attempts(1)
  delete server.answers.recipient
  await queue(app, notice('bob@example.com'))
  await attempts(2)
  t.same(
    server.arrived.flatMap(({ to }) => to),
    ['bob@example.com']
  )
  clock.advance(5_000)
  await until(() => server.arrived.length === 2)
})

t.test('a mail that a server refuses for good is a dead letter at once, without its content', async t => {
  for (const answers of [{ recipient: 550 }, { data: 554 }]) {
    const { app, clock, server, attempts } = await posted(t, answers)
    await queue(app, reset())
    await attempts(1)
    const [row] = await rows(app)
    t.match(row, { kind: 'reset_password', attempts: 1, sealed: '', failedAt: new Date(clock.now()) })
    t.match(row?.lastError, /^E\w+ (RCPT TO 550|DATA 554)$/)
    t.match(await app.core.outbox.summary(), { waiting: 0, dead: 1 })
    clock.advance(DAY)
    await queue(app, notice())
    await attempts(2)
    t.same(server.arrived, [], 'it is not tried again')
  }
})

t.test('a refusal of the sender is not held against the mail', async t => {
  const { app, attempts } = await posted(t, { from: 550 })
  await queue(app, notice())
  await attempts(1)
  t.match(await rows(app), [{ failedAt: null, lastError: 'EENVELOPE MAIL FROM 550' }])
})

t.test('a mail is given up when nobody needs it any more', async t => {
  const { app, clock, server, attempts } = await posted(t, { connect: 421 })
  await queue(app, { ...reset(), expiresAt: clock.now() + 30 * MINUTE })
  await attempts(1)
  clock.advance(30 * MINUTE + 1)
  delete server.answers.connect
  await app.core.housekeeping.sweep()
  t.match(await rows(app), [{ kind: 'reset_password', lastError: /421/, sealed: '', failedAt: Date }])
  t.same(server.arrived, [])
})

t.test('dead letters are kept for a week', async t => {
  const { app, clock, attempts } = await posted(t, { recipient: 550 })
  await queue(app, notice())
  await attempts(1)
  clock.advance(7 * DAY)
  await app.core.housekeeping.sweep()
  t.equal((await app.core.outbox.summary()).dead, 1)
  clock.advance(1)
  await app.core.housekeeping.sweep()
  t.same(await rows(app), [])
})

t.test('a full outbox takes no mail that somebody asks for, but still what tells of something', async t => {
  const path = `${t.testdir()}/postern.db`
  const app = await build(t, { databaseUrl: `sqlite:${path}` }, { sendsMail: false })
  const waiting = async () => (await app.core.outbox.summary()).waiting
  fill(path, 9_999)
  await queue(app, reset())
  await t.rejects(queue(app, reset()), { code: 'unavailable', retryAfter: 60 })
  await t.rejects(
    app.database.write(() => app.core.outbox.demandRoom()),
    { code: 'unavailable' },
    'and says so to whoever asks before looking for an account'
  )
  await queue(app, notice())
  fill(path, 9_998)
  t.equal(await waiting(), 19_999)
  await queue(app, notice(), notice())
  t.equal(await waiting(), 20_000, 'beyond that a notice is left out')
  t.equal(app.core.outbox.counts().dropped, 1)
})

/** Adds rows as they are while a mail server is down. */
function fill(path: string, count: number): void {
  const sqlite = new Sqlite(path)
  sqlite.exec(`
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${count})
    INSERT INTO mails (id, kind, sealed, created_at, next_attempt_at, expires_at, attempts)
    SELECT hex(randomblob(16)), 'reset_password', '', 1, 1, ${Date.now() + DAY}, 0 FROM number`)
  sqlite.close()
}

t.test('a service that only queues leaves the mails to another', async t => {
  const server = await mailServer(t)
  const options = { databaseUrl: `sqlite:${t.testdir()}/postern.db`, smtpUrl: server.url, mailFrom }
  const queueing = await build(t, options, { sendsMail: false })
  await queue(queueing, notice())
  t.same(server.reached.connect, 0)
  await build(t, options)
  await until(() => server.arrived.length === 1)
})

t.test('a host may bring mails on their way itself', async t => {
  const sent: unknown[] = []
  const mailer = { send: async (...mail: unknown[]) => void sent.push(mail), close: async () => {} }
  const app = await build(t, {}, { mailer })
  await queue(app, { ...notice(), language: 'de' })
  await until(() => sent.length === 1)
  t.match(sent, [[/^[\da-f-]{36}$/, { kind: 'password_changed', to: 'ada@example.com', language: 'de' }]])
})

t.test('a changed password is told by mail, and an attempt that failed is not', async t => {
  const { url: smtpUrl, arrived } = await mailServer(t)
  const app = await build(t, { smtpUrl, mailFrom, authEmailVerification: 'off' })
  const { register, login, changePassword } = client(app)
  await register()
  const { access } = await login()
  const { users } = app.database.tables
  const prove = app.database.prepare('test_prove', q => q.update(users).set({ emailVerified: true }).returning())
  await app.database.write(() => prove())
  t.equal((await changePassword(access, 'wrong horse', 'a longer one this time')).statusCode, 400)
  t.equal((await changePassword(access, 'correct horse', 'a longer one this time')).statusCode, 200)
  await until(() => arrived.length > 0 && app.core.outbox.counts().sent > 0)
  const { to, mail } = only(arrived)
  t.same(to, ['ada@example.com'])
  t.match(mail.subject, /password at auth\.test was changed/)
})
