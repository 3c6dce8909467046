import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { Mail } from '../../src/core/mail.ts'
import type { Wiring } from '../../src/server.ts'
import { freePort } from '../../tools/free-port.ts'
import { build, client } from '../helper.ts'
import { until } from '../mail/mails.ts'

/** What a mail brought. */
export interface Brought {
  link: string
  token: string
  code: string
  email: string
}

/** The service on a socket, with ada in it; its mails are read here. */
export async function service(t: Test, options: Options = {}, wiring: Wiring = {}) {
  const { prefix = '' } = wiring
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}${prefix}`
  const mails: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void mails.push(mail), close: async () => {} }
  const app = await build(t, { publicUrl, ...options }, { mailer, ...wiring })
  await app.listen({ host: '127.0.0.1', port })
  // What reaches the service is what a log or a proxy could keep.
  const received: string[] = []
  app.server.on('request', ({ url, rawHeaders }) => received.push(`${url} ${rawHeaders}`))
  const inject = (request: { url: string }) => app.inject({ ...request, url: prefix + request.url })
  const http = client(Object.create(app, { inject: { value: inject } }))
  await http.register()

  const email = 'ada@example.com'
  const asks = {
    verify_email: () => http.post('/api/verify-email/resend/', { email }),
    reset_password: () => http.post('/api/password-reset/', { email }),
    login: () => http.post('/api/login/email/', { email }),
    change_email: async () => {
      const { access } = await http.login()
      return http.post('/api/change-email/', { password: 'correct horse', new_email: 'ada@new.example' }, access)
    },
    invite: () =>
      app.core.invitations.invite({ email: 'grace@example.com', roles: [] }, undefined, {
        ip: '127.0.0.1',
        userAgent: undefined,
        language: undefined
      })
  }

  /** Has a mail sent, and gives what it brought. */
  async function ask(kind: keyof typeof asks): Promise<Brought> {
    const found = () => mails.filter(mail => mail.kind === kind)
    if (kind === 'verify_email') await until(() => found().length > 0)
    const before = found().length
    await asks[kind]()
    await until(() => found().length > before)
    const { to, values } = found().at(-1) as Mail
    const { link = '', code = '' } = values
    return { link, code, email: to, token: link.split('#token=')[1] ?? '' }
  }

  /** The user that there is, as its tokens show it. */
  const user = async (username = 'ada') => app.core.users.findByUsername(username)

  return { app, http, publicUrl, mails, received, ask, user }
}
