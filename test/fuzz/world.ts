import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { Mail, MailKind } from '../../src/core/mail.ts'
import type { Wiring } from '../../src/server.ts'
import { build } from '../helper.ts'
import { basic, type Credentials, oauthClient, registered } from '../routes/oauth-client.ts'
import type { Draft } from './requests.ts'

/** Which mail the proof of an operation comes from. */
const MAIL_OF: Record<string, MailKind> = {
  acceptInvitation: 'invite',
  confirmEmailChange: 'change_email',
  loginByMail: 'login',
  resetPassword: 'reset_password'
}

const PASSWORD = 'correct horse'
const ORIGIN = { ip: '127.0.0.1', userAgent: undefined, language: undefined }

/** A service in which there is always somebody who is signed in, a client, and a mail that was not used yet. */
export async function world(t: Test, options: Options = {}, wiring: Wiring = {}) {
  const mails = new Map<MailKind, Mail>()
  const mailer = { send: async (_id: string, mail: Mail) => void mails.set(mail.kind, mail), close: async () => {} }
  const app = await build(
    t,
    { authMetrics: 'on', authLoginUrls: ['https://app.test/login'], ...options },
    { mailer, ...wiring }
  )
  const { core } = app
  const client = await registered(app, ['reports:read'])
  await core.registration.create({ username: 'root', email: null, password: PASSWORD, roles: ['admin'] })
  let count = 0
  let username = ''
  let changes = 0

  /** Whoever is signed in; somebody new when the one before was deleted, renamed or got another password. */
  async function user() {
    const present = username === '' ? undefined : await core.users.findByUsername(username)
    if (present?.email && present.passwordVersion === 1) return present
    count += 1
    username = `ada${count}`
    const roles = count % 3 === 0 ? [] : ['admin']
    return core.registration.create({ username, email: `${username}@example.com`, password: PASSWORD, roles })
  }

  async function session() {
    const present = await user()
    const begun = await app.database.write(() => core.login.begin(present, ['pwd'], ORIGIN))
    if (!begun) throw new Error('no session')
    return { ...(await core.tokens.pair(begun.user, begun.session)), id: begun.session.id }
  }

  async function mailed(kind: MailKind = 'verify_email'): Promise<Mail['values'] & { to?: string }> {
    const { id: userId, email } = await user()
    mails.delete(kind)
    const to = email ?? ''
    if (kind === 'login') await core.mailedLogin.request(to, ORIGIN)
    else if (kind === 'reset_password') await core.passwordReset.request(to, ORIGIN)
    else if (kind === 'invite')
      await core.invitations.invite({ email: 'guest@example.com', roles: [] }, undefined, ORIGIN)
    else if (kind === 'verify_email') await core.emailVerification.resend(to, ORIGIN)
    else
      await core.emailChange.request({
        userId,
        sessionId: (await session()).id,
        ...ORIGIN,
        password: PASSWORD,
        newEmail: `ada@${changes++}.test`
      })
    for (let left = 200; left > 0 && !mails.has(kind); left--) await new Promise(resolve => setTimeout(resolve, 2))
    return { ...mails.get(kind)?.values, to: mails.get(kind)?.to ?? to }
  }

  async function spent(): Promise<string> {
    const { refresh } = await session()
    await core.refresh.rotate((await core.refresh.rotate(refresh, '', undefined)).refresh, '', undefined)
    return refresh
  }

  async function valueNow(name: string, operationId: string): Promise<string> {
    const kind = MAIL_OF[operationId]
    const mail = async () => mailed(kind)
    const all: Record<string, () => string | Promise<string>> = {
      username: async () => (await user()).username,
      email: async () => (kind ? ((await mail()).to ?? '') : ((await user()).email ?? '')),
      password: () => PASSWORD,
      access: async () => (await session()).access,
      refresh: async () => (await session()).refresh,
      session: async () => (await session()).id,
      machine: () => oauthClient(app, client).machine(),
      spent,
      mailed: async () => (await mail()).link?.split('#token=')[1] ?? '',
      code: async () => (await mail()).code ?? '',
      client: () => client.id,
      secret: () => client.secret,
      basic: () => basic(client).slice('Basic '.length)
    }
    return (await all[name]?.()) ?? ''
  }

  /** Puts the values of now where a draft has their names. */
  async function fill(draft: Draft, operationId: string): Promise<Draft> {
    const { url, headers, payload } = draft
    const parts = [url, ...Object.values(headers), typeof payload === 'string' ? payload : '']
    const names = new Set(parts.flatMap(part => [...part.matchAll(/ZZ([a-z]+)ZZ/g)].map(([, name = '']) => name)))
    const values = new Map<string, string>()
    // One after the other, for a mail that is asked for voids the one before.
    for (const name of names) values.set(name, await valueNow(name, operationId))
    const filled = (text: string) => text.replace(/ZZ([a-z]+)ZZ/g, (_, name: string) => values.get(name) ?? '')
    return {
      ...draft,
      url: filled(url),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)])),
      ...(payload !== undefined && { payload: typeof payload === 'string' ? filled(payload) : payload })
    }
  }

  return { app, client, fill }
}

/** Such a service. */
export interface World {
  app: FastifyInstance
  client: Credentials
  fill(draft: Draft, operationId: string): Promise<Draft>
}
