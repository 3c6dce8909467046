import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { Mail } from '../../src/core/mail.ts'
import { build, client } from '../helper.ts'
import { oauthClient, registered } from '../routes/oauth-client.ts'
import type { Secrets } from './search.ts'

/** Takes a table away from a service, then does with it what users do; gives what it said about that. */
export async function broken(t: Test, folder: string, table: string) {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    }
  })
  const dataDir = mkdtempSync(join(folder, 'broken-'))
  const file = join(dataDir, 'a.db')
  const mails: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void mails.push(mail), close: async () => {} }
  const logger = pino({ level: 'trace' }, stream)
  const app = await build(t, { dataDir, databaseUrl: `sqlite:${file}` }, { logger, mailer })
  const { register, login, post, send, refresh, logout, changePassword } = client(app)
  const secrets: Secrets = new Map()
  const keep = (what: string) => {
    const secret = `${what} Pä"ss\\word ${randomUUID()}`
    secrets.set(what, secret)
    return secret
  }

  const password = keep('password')
  await register('ada', password)
  const pair = await login('ada', password)
  const other = await login('ada', password)
  for (const token of [pair.access, pair.refresh, other.access, other.refresh])
    secrets.set(`token ${secrets.size}`, token.split('.')[2] as string)
  const credentials = await registered(app)
  secrets.set('client secret', credentials.secret)
  for (const path of ['/api/password-reset/', '/api/login/email/']) await post(path, { email: 'ada@example.com' })
  while ((await app.core.outbox.summary()).waiting > 0) await new Promise(resolve => setTimeout(resolve, 2))
  const tokens = new Map(mails.map(({ kind, values }) => [kind, values.link?.split('#token=')[1] ?? '']))
  for (const [kind, token] of tokens) if (token !== '') secrets.set(`token of ${kind}`, token)

  new Sqlite(file).exec(`PRAGMA foreign_keys = off; DROP TABLE ${table}`).close()
  const authorization = `Bearer ${pair.access}`
  const answers = await Promise.all([
    register('grace', keep('password of grace')),
    post('/api/login/', { username: 'ada', password }),
    post('/api/login/', { username: 'ada', password: keep('wrong') }),
    refresh(pair.refresh),
    logout(other.refresh),
    changePassword(pair.access, password, keep('next')),
    post('/api/verify-email/', { token: tokens.get('verify_email') }),
    post('/api/password-reset/confirm/', { token: tokens.get('reset_password'), new_password: keep('reset') }),
    post('/api/login/email/confirm/', { token: tokens.get('login') }),
    post('/api/login/email/', { email: 'ada@example.com' }),
    post('/api/token/', { username: 'ada', password }),
    oauthClient(app, credentials).token(),
    oauthClient(app, credentials).revoke(pair.access),
    send({ method: 'DELETE', url: '/api/me/', payload: { password }, headers: { authorization } })
  ])
  const failed = () => answers.filter(({ statusCode }) => statusCode >= 500).length
  const refusals = answers.filter(({ statusCode }) => statusCode >= 400).map(({ body }) => body)
  return { log: () => text, answers: refusals, secrets, failed }
}
