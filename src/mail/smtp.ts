import { MailError } from '../core/mail-error.ts'
import type { Message } from './message.ts'
import { smtpOptions } from './smtp-options.ts'

/** What takes a composed message over. Rejects with MailError. */
export interface Transport {
  send(message: Message): Promise<void>
  close(): Promise<void>
}

/** Sends over SMTP, on four connections at most, which are kept for the next mails. */
export function createSmtp(smtpUrl: string): Transport {
  let opened: ReturnType<typeof open> | undefined

  // Loading nodemailer takes as long as a tenth of the whole start, and 20 MB: who sends nothing does without.
  async function open() {
    const { createTransport } = await import('nodemailer')
    // A mail that fails is tried again by the outbox, not by the pool.
    return createTransport({ ...smtpOptions(smtpUrl), pool: true, maxConnections: 4, maxRequeues: 0 })
  }

  return {
    async send(message) {
      opened ??= open()
      const pool = await opened
      await pool.sendMail(message).catch(refuse)
    },
    // With what is on its way: whoever closes has waited for it.
    close: async () => (await opened)?.close({ force: true })
  }
}

/** Whether the mail server answers and takes the credentials. Rejects with MailError; waits `patience` milliseconds. */
export async function checkSmtp(smtpUrl: string, patience: number): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const limits = {
    dnsTimeout: patience,
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience
  }
  await createTransport({ ...smtpOptions(smtpUrl), ...limits })
    .verify()
    .catch(refuse)
}

interface SmtpFailure {
  code?: unknown
  /** That of the system, such as ECONNREFUSED. */
  originalCode?: unknown
  command?: unknown
  responseCode?: unknown
}

/**
 * The codes only: the text of an answer may hold the address, and that of an error the name of the user. A 5xx is about
 * this mail once the recipient is named (RFC 5321 section 4.2.1); before, it is about us or the server, and may pass.
 */
function refuse(error: unknown): never {
  const { code, originalCode, command, responseCode } = error as SmtpFailure
  const status = typeof responseCode === 'number' ? responseCode : 0
  const words = [originalCode ?? code, command, status].filter(word => word && /^[A-Z0-9_ -]{2,40}$/.test(String(word)))
  const permanent = status >= 500 && (command === 'RCPT TO' || command === 'DATA')
  throw new MailError(words.join(' ') || 'EUNKNOWN', { permanent, cause: error })
}
