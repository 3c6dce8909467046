import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { simpleParser } from 'mailparser'
import { pino } from 'pino'
import t from 'tap'
import { build, testClock } from '../helper.ts'
import { notice, only, queue, reset, rows, until } from './mails.ts'

t.test('without a mail server a mail becomes a file, and its link stands in the log', async t => {
  const stream = new PassThrough()
  const log = text(stream)
  const dataDir = t.testdir()
  const clock = testClock()
  const app = await build(
    t,
    { databaseUrl: 'sqlite::memory:', dataDir },
    { now: clock.now, logger: pino(stream), sendsMail: true }
  )
  await queue(app, reset())
  await until(() => app.core.outbox.counts().sent === 1)
  t.same(await rows(app), [])
  await app.close()
  stream.end()

  const name = only(readdirSync(`${dataDir}/outbox`))
  t.match(name, /^2026-01-31T12-00-00-000Z-reset_password-[\da-f-]{36}\.eml$/)
  t.equal(statSync(`${dataDir}/outbox`).mode & 0o777, 0o700)
  t.equal(statSync(`${dataDir}/outbox/${name}`).mode & 0o777, 0o600)
  const bytes = readFileSync(`${dataDir}/outbox/${name}`)
  t.notMatch(bytes.toString().replaceAll('\r\n', ''), '\n', 'its lines end as those of mails do')
  const mail = await simpleParser(bytes)
  t.match(mail.text, 'http://auth.test/account/reset-password#token=s3cret')
  t.match([mail.to].flat()[0]?.text, 'ada@example.com')
  const { link, code, msg } = JSON.parse((await log).split('\n').find(line => line.includes('no SMTP_URL')) ?? '{}')
  t.same([link, code], ['http://auth.test/account/reset-password#token=s3cret', '123456'])
  t.match(msg, /^no SMTP_URL: mail written to .*\.eml, link http:\/\/auth\.test\/account\/reset-password#token=s3cret$/)
})

t.test('the newest thousand files are kept, and what is not ours stays', async t => {
  const dataDir = t.testdir()
  const folder = `${dataDir}/outbox`
  mkdirSync(folder)
  writeFileSync(`${folder}/notes.txt`, '')
  const id = '019b0d2e-7c1a-7b3e-9a55-000000000000'
  for (let day = 0; day < 1_002; day += 1) {
    const time = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().replace(/[:.]/g, '-')
    writeFileSync(`${folder}/${time}-login-${id}.eml`, '')
  }
  const app = await build(t, { databaseUrl: 'sqlite::memory:', dataDir }, { sendsMail: true })
  await queue(app, notice())
  await until(() => app.core.outbox.counts().sent === 1)
  const left = readdirSync(folder)
  t.equal(left.length, 1_001)
  t.ok(left.includes('notes.txt'))
  t.notOk(
    left.some(name => /^2020-01-0[123]T/.test(name)),
    'the oldest are gone'
  )
  t.ok(left.some(name => name.includes('password_changed')))
})

t.test('a folder that cannot be written to delays the mail', async t => {
  const dataDir = t.testdir({ outbox: 'a file where the folder should be' })
  const app = await build(t, { databaseUrl: 'sqlite::memory:', dataDir }, { sendsMail: true })
  await queue(app, notice())
  await until(() => app.core.outbox.counts().delayed === 1)
  t.match(await rows(app), [{ failedAt: null, lastError: 'EEXIST' }])
})
