import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import type { Mailer } from '../core/mail.ts'
import { MailError } from '../core/mail-error.ts'
import { createMailFiles } from './files.ts'
import { compose } from './message.ts'
import { createRenderer } from './render.ts'
import { readSender } from './sender.ts'
import { createSmtp } from './smtp.ts'

/** Sends mails over SMTP_URL; without one it writes them to files. Throws StartError. */
export function createMailer(config: Config, log: FastifyBaseLogger, now: () => number): Mailer {
  const render = createRenderer(config)
  const sender = readSender(config)

  if (config.smtpUrl !== undefined) {
    const smtp = createSmtp(config.smtpUrl)
    return {
      send: async (id, mail) => smtp.send(compose(id, mail, await render(mail), sender)),
      close: smtp.close
    }
  }

  const files = createMailFiles(config.outboxFolder, now)
  return {
    async send(id, mail) {
      const message = compose(id, mail, await render(mail), sender)
      const path = await files.write(id, mail.kind, message).catch(refuse)
      const { link, code } = mail.values
      // Whoever reads this log may use the link: that is what a service without a mail server is for.
      log.info(
        { mail: id, kind: mail.kind, link, code },
        `no SMTP_URL: mail written to ${path}${link ? `, link ${link}` : ''}`
      )
    },
    close: async () => {}
  }
}

function refuse(cause: NodeJS.ErrnoException): never {
  throw new MailError(cause.code ?? 'EUNKNOWN', { cause })
}
