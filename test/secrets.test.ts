import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { postern } from './cli/process.ts'
import { csv, csvRow } from './import/files.ts'
import { mailServer } from './mail/smtp-server.ts'
import { serve } from './process.ts'
import { hmac } from './routes/forgery.ts'
import { broken } from './secrets/broken.ts'
import { lettersOf } from './secrets/letters.ts'
import { formsOf, leaks, type Secrets } from './secrets/search.ts'
import { visitor } from './secrets/visitor.ts'
import { walk } from './secrets/walk.ts'

const DAY = 86_400_000
const ADMIN = { username: 'root', password: 'Pä"ss\\word of the administrator' }
const SMTP_PASSWORD = 'pass-word-of-the-mail-server'
const SETTINGS = {
  AUTH_SECRET: 'the "master" secret of a deployment+under test',
  AUTH_SIMPLEJWT_KEY: 'the "signing" key of a Django+under test',
  AUTH_SIMPLEJWT_UNTIL: new Date(Date.now() + 30 * DAY).toISOString().slice(0, 10),
  AUTH_REFRESH_GRACE: '0',
  AUTH_METRICS: 'on',
  LOG_LEVEL: 'trace'
}

t.test('of everything that is secret nothing stands in logs, metrics, refusals, arguments and files', async t => {
  const folder = t.testdir({ data: {}, 'users.csv': csv(csvRow(7, 'dora')) })
  const data = join(folder, 'data')
  const smtp = await mailServer(t, { credentials: `mailer:${SMTP_PASSWORD}` })
  const settings = { ...SETTINGS, SMTP_URL: smtp.url, MAIL_FROM: 'no-reply@auth.test' }
  const env = { DATABASE_URL: `sqlite:${join(data, 'postern.db')}`, PUBLIC_URL: 'http://auth.test', ...settings }
  const run = async (args: string[], input = '') => {
    const { code, stdout, stderr } = await postern(t, args, { env, input })
    t.equal(code, 0, `postern ${args.slice(0, 2).join(' ')} ${stderr}`)
    return { stdout, stderr }
  }
  const created = await run(['user', 'create', '--username', ADMIN.username, '--role', 'admin'], `${ADMIN.password}\n`)
  const client = JSON.parse((await run(['client', 'create', 'reports', '--json'])).stdout)
  await run(['user', 'import', join(folder, 'users.csv')])

  const { url, process, stop } = await serve(t, data, settings)
  let log = ''
  process.stdout?.setEncoding('utf8').on('data', chunk => {
    log += chunk
  })
  const someone = visitor(url, lettersOf(smtp))
  const iat = Math.floor(Date.now() / 1000)
  const claims = { token_type: 'refresh', exp: iat + 3600, iat, jti: 'a'.repeat(32), user_id: 7 }
  const minted = hmac({ alg: 'HS256', typ: 'JWT' }, claims, SETTINGS.AUTH_SIMPLEJWT_KEY)
  await walk(someone, { client, admin: ADMIN, minted })

  const places = new Map<string, Buffer>()
  const place = (name: string, content: string | Buffer) => places.set(name, Buffer.from(content))
  place('metrics', await (await fetch(`${url}/metrics`)).text())
  place('refusals', someone.refusals.join('\n'))
  place('what the command line says', created.stdout + created.stderr)
  const files = () => {
    for (const name of readdirSync(data, { recursive: true }) as string[])
      if (statSync(join(data, name)).isFile())
        place(name, Buffer.concat([places.get(name) ?? Buffer.of(), readFileSync(join(data, name))]))
  }
  files()
  place('arguments', readFileSync(`/proc/${process.pid}/cmdline`))
  t.equal(await stop(), 0)
  files()
  place('log', log)

  const secrets: Secrets = new Map([
    ...someone.secrets,
    ['password of the administrator', ADMIN.password],
    ['password of the mail server', SMTP_PASSWORD],
    ['master secret', SETTINGS.AUTH_SECRET],
    ['key of Django', SETTINGS.AUTH_SIMPLEJWT_KEY]
  ])
  t.ok(secrets.size > 50, `${secrets.size} secrets`)
  t.ok(log.split('\n').length > 60, 'there is a log')
  t.same([...places.keys()].filter(name => name.startsWith('postern.db')).toSorted()[0], 'postern.db')
  t.ok(places.get('postern.db')?.includes('guest@example.com'), 'the file is read')
  t.same(leaks(places, secrets), [])
  for (const name of ['log', 'metrics', 'refusals'])
    t.notMatch(places.get(name)?.toString(), /\$argon2|pbkdf2_|PRIVATE KEY/, name)
})

t.test('an error of the store shows none of the values that it was given', async t => {
  const folder = t.testdir()
  for (const table of ['users', 'sessions', 'one_time_tokens', 'mails', 'audit_events']) {
    const { log, answers, secrets, failed } = await broken(t, folder, table)
    const places = new Map([
      ['log', Buffer.from(log())],
      ['answers', Buffer.from(answers.join('\n'))]
    ])
    t.ok(failed() > 0, `without ${table} something fails`)
    t.same(leaks(places, secrets), [], table)
    t.notMatch(log(), /\$argon2|PRIVATE KEY/, table)
  }
})

t.test('a secret would be found in whatever form it was written down', async t => {
  const secrets: Secrets = new Map([
    ['password', 'Pä"ss\\wörd+7&=<%x>'],
    ['code', '123 456'],
    ['letters', 'ABCD-EFGH']
  ])
  for (const [form, bytes] of formsOf('Pä"ss\\wörd+7&=<%x>')) {
    const place = Buffer.concat([Buffer.from('\0{"a":"'), bytes, Buffer.from('"}')])
    t.ok(leaks(new Map([['here', place]]), secrets).length > 0, form)
  }
  for (const text of ['"code":"123456"', 'code=123 456&', '"abcdefgh"', '"ABCD-EFGH"'])
    t.equal(leaks(new Map([['here', Buffer.from(text)]]), secrets).length, 1, text)
  t.same(leaks(new Map([['here', Buffer.from('1234567 0123456 xabcdefgh')]]), secrets), [])
})
