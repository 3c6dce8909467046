import type { FastifyInstance } from 'fastify'
import type { ParsedMail } from 'mailparser'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { Wiring } from '../../src/server.ts'
import { build, client, type TestClock, testClock } from '../helper.ts'
import { type MailServer, mailServer } from '../mail/smtp-server.ts'

/** A mail as its reader uses it. */
export interface Letter {
  to: string
  subject: string
  text: string
  mail: ParsedMail
  /** Where its link leads, without the fragment; undefined in a mail without one. */
  page: string | undefined
  /** What stands behind `#token=`. */
  token: string
  code: string
}

/** A service with a mail server, and everything that its users do with both. */
export interface AccountService extends ReturnType<typeof client> {
  app: FastifyInstance
  clock: TestClock
  smtp: MailServer
  /** All mails that leave until nothing waits any more, since it was asked last. */
  letters(): Promise<Letter[]>
  /** The one mail that has left since it was asked last. */
  letter(): Promise<Letter>
  /** Registers somebody and confirms the address. */
  confirmed(username?: string): Promise<void>
}

/** Starts both; they end with the test. */
export async function accountService(t: Test, options: Options = {}, wiring: Wiring = {}): Promise<AccountService> {
  const clock = testClock()
  const smtp = await mailServer(t)
  const sender: Options = { smtpUrl: smtp.url, mailFrom: 'Example <no-reply@auth.test>' }
  const app = await build(t, { ...sender, ...options }, { now: clock.now, ...wiring })
  const http = client(app)
  let read = 0

  async function letters(): Promise<Letter[]> {
    while ((await app.core.outbox.summary()).waiting > 0) await new Promise(resolve => setTimeout(resolve, 5))
    const arrived = smtp.arrived.slice(read)
    read = smtp.arrived.length
    return arrived.map(({ to, mail }) => letterOf(to, mail))
  }

  async function letter(): Promise<Letter> {
    const [one, ...more] = await letters()
    if (!one || more.length > 0)
      throw new Error(`${one ? more.length + 1 : 'no'} mails left: ${more.map(m => m.subject)}`)
    return one
  }

  return {
    ...http,
    app,
    clock,
    smtp,
    letters,
    letter,
    async confirmed(username = 'ada') {
      await http.register(username)
      const { token } = await letter()
      const answer = await http.post('/api/verify-email/', { token })
      if (answer.statusCode !== 200) throw new Error(answer.body)
    }
  }
}

function letterOf(to: string[], mail: ParsedMail): Letter {
  const text = mail.text ?? ''
  const [, page, token = ''] = /(http\S+)#token=([\w-]+)/.exec(text) ?? []
  const [, code = ''] = /code: ([0-9A-Z]{3,4}[ -][0-9A-Z]{3,4})/.exec(text) ?? []
  return { to: to.join(), subject: mail.subject ?? '', text, mail, page, token, code }
}
