import type { FastifyBaseLogger } from 'fastify'
import type { MailOutcome } from '../core/mail-delivery.ts'

/** One line of the log for each attempt to send a mail, without an address. */
export const mailLog =
  (log: FastifyBaseLogger) =>
  ({ outcome, ...about }: MailOutcome): void => {
    if (outcome === 'sent') log.debug(about, 'mail sent')
    else if (outcome === 'delayed') log.warn(about, 'mail not sent; it is tried again')
    else log.error(about, 'mail given up; see: postern doctor')
  }
