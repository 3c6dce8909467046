import type { Mail } from '../core/mail.ts'
import { MailError } from '../core/mail-error.ts'
import type { RenderedMail } from './render.ts'
import type { Sender } from './sender.ts'

/** One mailbox and nothing beside it: no name, list, group, comment, quoted or folded text (RFC 5322 section 3.4). */
const ADDRESS = /^[^\s,;:<>()[\]\\"@\p{C}\p{Z}]{1,64}@[^\s,;:<>()[\]\\"@\p{C}\p{Z}]{1,253}$/u
const CONTROL = /\p{Cc}/u
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/
const LONGEST_SUBJECT = 500

/** A mail that is ready to leave. */
export type Message = ReturnType<typeof compose>

/**
 * A mail as nodemailer wants it, for one recipient, who is named in the envelope too. Throws a permanent MailError when
 * a value could become a header or a recipient of its own.
 */
export function compose(id: string, { to }: Mail, words: RenderedMail, { from, host }: Sender) {
  const { subject, text, html, language } = words
  if (!ADDRESS.test(to)) throw new MailError('EADDRESS', { permanent: true })
  if (CONTROL.test(subject) || subject.length > LONGEST_SUBJECT) throw new MailError('ESUBJECT', { permanent: true })
  if (!LANGUAGE.test(language)) throw new MailError('ELANGUAGE', { permanent: true })
  return {
    from,
    // As an object it is one address, whatever is in it.
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    html,
    // The same for each attempt, so that a mail that arrives twice can be recognized.
    messageId: `<${id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
    disableFileAccess: true,
    disableUrlAccess: true
  }
}
