import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { readSender } from '../../src/mail/sender.ts'
import { freePort } from '../../tools/free-port.ts'
import { build, testClock } from '../helper.ts'
import { mailFrom, notice, only, queue, reset, rows, until } from './mails.ts'
import { type Answer, mailServer } from './smtp-server.ts'

/** Queues mails in a service of its own, waits for one attempt with each, and gives what it left and what was logged. */
async function attempt(t: Test, smtpUrl: string, mails = [notice()], options: Options = {}) {
  const stream = new PassThrough()
  const log = text(stream)
  const clock = testClock()
  const app = await build(
    t,
    { smtpUrl, mailFrom, ...options },
    { now: clock.now, logger: pino({ level: 'trace' }, stream) }
  )
  await queue(app, ...mails)
  await until(() => {
    const { sent, delayed, dead } = app.core.outbox.counts()
    return sent + delayed + dead === mails.length
  })
  const left = await rows(app)
  await app.close()
  stream.end()
  return { left, log: await log }
}

t.test('whatever goes wrong on the way, the mail is kept and the code of the failure is told', async t => {
  const failures: Array<[step: 'connect' | 'from' | 'recipient' | 'data', answer: Answer, code: RegExp]> = [
    ['connect', 421, /^E\w+ .*421$/],
    ['connect', 554, /^E\w+ .*554$/],
    ['connect', 'drop', /^E[A-Z]+( CONN)?$/],
    ['from', 451, /^EENVELOPE MAIL FROM 451$/],
    ['from', 530, /^EENVELOPE MAIL FROM 530$/],
    ['from', 'drop', /^E[A-Z]+( CONN)?$/],
    ['recipient', 450, /^EENVELOPE RCPT TO 450$/],
    ['recipient', 'drop', /^E[A-Z]+( CONN)?$/],
    ['data', 452, /^EMESSAGE DATA 452$/],
    ['data', 'drop', /^E[A-Z]+( CONN)?$/]
  ]
  for (const [step, answer, code] of failures) {
    const server = await mailServer(t)
    server.answers[step] = answer
    const { left } = await attempt(t, server.url)
    t.match(left, [{ failedAt: null, attempts: 1, lastError: code }], `${step} ${answer}`)
    t.same(server.arrived, [])
  }
})

t.test('a mail server that is not there loses no mail', async t => {
  const { left } = await attempt(t, `smtp://127.0.0.1:${await freePort()}`)
  t.match(left, [{ failedAt: null, lastError: 'ECONNREFUSED CONN' }])
})

t.test('one recipient who is refused does not hold up the others', async t => {
  const server = await mailServer(t)
  Object.assign(server.answers, { recipient: 550, only: 'gone@example.com' })
  const names = ['ada', 'gone', 'bob']
  const { left } = await attempt(
    t,
    server.url,
    names.map(name => notice(`${name}@example.com`))
  )
  t.same(server.arrived.map(({ to }) => to[0]).sort(), ['ada@example.com', 'bob@example.com'])
  t.match(left, [{ failedAt: Date, sealed: '' }])
})

t.test(
  'an address that is not exactly one, or would begin a header, gets no mail and gives none to others',
  async t => {
    const server = await mailServer(t)
    const addresses = [
      'ada@example.com, eve@example.com',
      'ada@example.com;eve@example.com',
      'ada@example.com eve@example.com',
      'ada@example.com\r\nBcc: eve@example.com',
      'ada@example.com\nRCPT TO:<eve@example.com>',
      'Eve <eve@example.com>',
      '<ada@example.com> , <eve@example.com>',
      '"ada, eve@example.com"@example.com',
      'friends: ada@example.com, eve@example.com;',
      'ada@example.com (eve@example.com)',
      'ada@eve@example.com',
      'ada@example.com\u2028eve@example.com',
      'ada@example.com\u0000',
      'ada\u202emoc.elpmaxe@example.com',
      `ada@${'e'.repeat(100_000)}.com`,
      'ada',
      ''
    ]
    const { left } = await attempt(t, server.url, addresses.map(notice))
    t.equal(left.length, addresses.length)
    for (const row of left) t.match(row, { lastError: 'EADDRESS', failedAt: Date, sealed: '' })
    t.equal(server.reached.from, 0, 'nothing leaves')
  }
)

t.test('line breaks in what a mail shows stay text', async t => {
  const server = await mailServer(t)
  const values = { ...notice().values, username: 'ada\r\nBcc: eve@example.com\r\n\r\n<b>hello</b>' }
  await attempt(t, server.url, [{ ...notice(), values }])
  const { to, mail } = only(server.arrived)
  t.same(to, ['ada@example.com'])
  t.notOk(mail.headers.has('bcc'))
  t.notMatch(mail.html, '<b>hello')
})

t.test('the credentials of the URL are used, decoded', async t => {
  const server = await mailServer(t, { credentials: 'post@example.com:p@ss/w:rd' })
  const { left } = await attempt(t, server.url.replace(/\/\/.*@/, '//post%40example.com:p%40ss%2Fw%3Ard@'))
  t.same(left, [])
  t.equal(server.arrived[0]?.user, 'post@example.com')
})

t.test('wrong credentials are no reason to give a mail up, and show up nowhere', async t => {
  const server = await mailServer(t, { credentials: 'post:right' })
  const { left, log } = await attempt(t, server.url.replace('right', 'wr0ngword'))
  t.match(left, [{ failedAt: null, lastError: /^EAUTH AUTH PLAIN 535$/ }])
  t.match(log, 'EAUTH AUTH PLAIN 535')
  t.notMatch(log, /wr0ngword|ada@example\.com/)
})

t.test('the log names no recipient and no link', async t => {
  const server = await mailServer(t)
  Object.assign(server.answers, { recipient: 550, only: 'gone@example.com' })
  const { log } = await attempt(t, server.url, [reset(), reset('gone@example.com')])
  t.match(log, '"msg":"mail sent"')
  t.match(log, '"msg":"mail given up; see: postern doctor"')
  t.notMatch(log, /@example\.com|s3cret|123456/)
})

t.test('a server whose certificate is not valid gets neither credentials nor mails', async t => {
  for (const tls of ['implicit', 'starttls'] as const) {
    const server = await mailServer(t, { credentials: 'post:secret', tls })
    const { left } = await attempt(t, server.url)
    t.match(left, [{ failedAt: null, lastError: /^[A-Z_]+ (CONN|STARTTLS)$/ }], tls)
    t.equal(server.reached.auth, 0)
  }
})

t.test('a server elsewhere that does not encrypt gets nothing, unless the URL says so', async t => {
  const server = await mailServer(t, { credentials: 'post:secret' })
  // An address that is no loopback address by its look, and reaches this machine alone.
  const elsewhere = server.url.replace('127.0.0.1', '0.0.0.0')
  const { left } = await attempt(t, elsewhere)
  t.match(left, [{ failedAt: null, lastError: /^ETLS STARTTLS/ }])
  t.equal(server.reached.auth, 0)
  t.same((await attempt(t, `${elsewhere}?tls=off`)).left, [])
  t.equal(server.arrived.length, 1)
})

t.test('MAIL_FROM is one address', async t => {
  const publicUrl = 'https://auth.test'
  const read = (mailFrom: string) => readSender({ mailFrom, publicUrl })
  t.same(read('Müller & Co. <no-reply@example.com>'), {
    from: { name: 'Müller & Co.', address: 'no-reply@example.com' },
    host: 'auth.test'
  })
  t.same(read('a@example.com').from, { name: '', address: 'a@example.com' })
  for (const wrong of [
    'a@example.com, b@example.com',
    'nobody',
    'x: a@example.com;',
    'a@b@c',
    'A <a@e.com>\nBcc: b@e.com'
  ])
    t.throws(() => read(wrong), { name: 'StartError', message: /^MAIL_FROM: / }, wrong)
})
