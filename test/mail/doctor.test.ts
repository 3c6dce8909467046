import t, { type Test } from 'tap'
import { checkMail } from '../../src/cli/doctor-mail.ts'
import { type Options, resolveConfig } from '../../src/config.ts'
import { freePort } from '../../tools/free-port.ts'
import { inFolder, postern } from '../cli/process.ts'
import { build } from '../helper.ts'
import { mailFrom, notice, queue, reset, until } from './mails.ts'
import { mailServer } from './smtp-server.ts'

const MINUTE = 60_000

/** What the doctor says of a service, some time later. */
async function said(options: Options, later = 0) {
  const found = []
  for await (const finding of checkMail(resolveConfig(options), Date.now() + later)) found.push(finding)
  return found
}

const database = (t: Test) => ({ databaseUrl: `sqlite:${t.testdir()}/postern.db`, publicUrl: 'https://auth.test' })

t.test('a mail server that takes mails is found well', async t => {
  const { url: smtpUrl, reached, port } = await mailServer(t, { credentials: 'post:right' })
  const options = { ...database(t), smtpUrl, mailFrom }
  await (await build(t, options)).close()
  t.same(await said(options), [
    ['ok', `the mail server 127.0.0.1:${port} answers and knows us; mails come from Postern <no-reply@auth.test>`],
    ['ok', 'mails that wait to be sent: 0'],
    ['ok', 'no mail was given up in the last 7 days']
  ])
  t.equal(reached.from, 0, 'no mail is sent to find that out')
})

t.test('a mail server that is away, or does not know us, fails, without a word of the password', async t => {
  const port = await freePort()
  t.match(await said({ ...database(t), smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom }), [
    ['fail', `the mail server 127.0.0.1:${port} does not take mails: ECONNREFUSED CONN. Check SMTP_URL`]
  ])
  const { url } = await mailServer(t, { credentials: 'post:right' })
  const [finding] = await said({ ...database(t), smtpUrl: url.replace('right', 'wr0ngword'), mailFrom })
  t.match(finding, ['fail', /does not take mails: EAUTH AUTH PLAIN 535\. Check SMTP_URL/])
  t.notMatch(finding, /wr0ngword/)
})

t.test('without a mail server it matters who the service is for', async t => {
  const local = { ...database(t), publicUrl: 'http://127.0.0.1:8000' }
  t.match(await said(local), [['ok', /^there is no SMTP_URL: mails are written to \/.*\/outbox$/]])
  t.match(await said(database(t)), [['warn', /and reach nobody\. Set SMTP_URL and MAIL_FROM$/]])
})

t.test('mails that wait too long and those given up are told by kind and reason, never by recipient', async t => {
  const server = await mailServer(t)
  Object.assign(server.answers, { recipient: 550, only: 'gone@example.com' })
  const options = { ...database(t), smtpUrl: server.url, mailFrom }
  const app = await build(t, options)
  await queue(app, reset('gone@example.com', 'https://auth.test/account/reset-password#token=s3cret'))
  await until(() => app.core.outbox.counts().dead === 1)
  server.answers.from = 451
  delete server.answers.only
  await queue(app, notice())
  await until(() => app.core.outbox.counts().delayed >= 1)
  await app.close()
  delete server.answers.from
  const gaveUp = ['warn', /^mails given up: 1 of kind reset_password, because of EENVELOPE RCPT TO 550\. /]
  t.match(await said(options), [['ok', String], ['ok', 'mails that wait to be sent: 1'], gaveUp])
  t.match(await said(options, 7 * MINUTE), [
    ['ok', String],
    [
      'warn',
      'mails that wait to be sent: 1, the oldest for 7 minutes; the last attempt ended with EENVELOPE MAIL FROM 451'
    ],
    gaveUp
  ])
})

t.test('mails that nobody has tried to send point to a service that is not running', async t => {
  const options = database(t)
  await queue(await build(t, options, { sendsMail: false }), notice())
  const [, waiting] = await said(options, 10 * MINUTE)
  t.match(waiting, ['warn', /the oldest for 10 minutes; none was tried: is the service running\?$/])
})

t.test('the command tells of the mail server too', async t => {
  const { code, stdout } = await postern(t, ['doctor'], { env: inFolder(`${t.testdir({})}/data`) })
  t.equal(code, 0)
  t.match(stdout, /^ok {4}there is no SMTP_URL: mails are written to \/.*\/data\/outbox$/m)
})
