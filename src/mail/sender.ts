import addressparser from 'nodemailer/lib/addressparser'
import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'

/** Who sends, and the host that Message-IDs are of. */
export interface Sender {
  from: { name: string; address: string }
  host: string
}

const ONE = /^[^\s,;<>()@]+@[^\s,;<>()@]+$/

/** Reads MAIL_FROM: `a@example.com` or `Name <a@example.com>`. Throws StartError. */
export function readSender({ mailFrom, publicUrl }: Pick<Config, 'mailFrom' | 'publicUrl'>): Sender {
  const [found, ...more] = addressparser(mailFrom)
  const { name = '', address = '' } = found && 'address' in found ? found : {}
  if (more.length > 0 || !ONE.test(address) || /\p{Cc}/u.test(mailFrom)) {
    throw new StartError(
      `MAIL_FROM: ${JSON.stringify(mailFrom)} is not one address; give one such as Example <no-reply@example.com>`
    )
  }
  return { from: { name, address }, host: new URL(publicUrl).hostname }
}
