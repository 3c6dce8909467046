import { until } from '../cli/process.ts'
import type { MailServer } from '../mail/smtp-server.ts'

export type Letters = ReturnType<typeof lettersOf>

/** The mails with a link that arrive at a mail server, one after the other. */
export function lettersOf({ arrived }: MailServer) {
  let read = 0
  return {
    /** What arrived until now is of no interest. */
    async none(): Promise<void> {
      read = arrived.length
    },
    /** The next mail with a link. */
    next: () =>
      until(() => {
        for (; read < arrived.length; ) {
          const { to, mail } = arrived[read++] as MailServer['arrived'][number]
          const [, token] = /#token=([\w-]+)/.exec(mail.text ?? '') ?? []
          const [, code = ''] = /code: ([0-9A-Z]{3,4}[ -][0-9A-Z]{3,4})/.exec(mail.text ?? '') ?? []
          if (token) return { token, code, to: to.join() }
        }
        return undefined
      })
  }
}
