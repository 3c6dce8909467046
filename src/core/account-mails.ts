import type { Config } from '../config.ts'
import type { Work } from '../db/database.ts'
import type { Clock } from './clock.ts'
import type { MailOutbox } from './mail-outbox.ts'
import { particulars, type Whence } from './notices.ts'
import type { OneTimeTokens, Purpose, Recipient } from './one-time-tokens.ts'
import type { User } from './users.ts'

interface Parts {
  config: Config
  oneTimeTokens: OneTimeTokens
  outbox: MailOutbox
  now: Clock
}

export type AccountMails = ReturnType<typeof createAccountMails>

/** The page that the link of a mail leads to. */
const PAGES = {
  verify_email: 'verify-email',
  reset_password: 'reset-password',
  change_email: 'change-email',
  login: 'login',
  invite: 'accept-invite'
} as const satisfies Record<Purpose, string>

/** Mails that hold a one-time token. Token and mail are written in the transaction at hand. */
export function createAccountMails({ config, oneTimeTokens, outbox, now }: Parts) {
  function* send(
    purpose: Purpose,
    recipient: Recipient,
    origin: Whence,
    values: Record<string, string> = {},
    payload?: Record<string, unknown>
  ): Work<void> {
    const { token, code, expiresAt } = yield* oneTimeTokens.issue(purpose, recipient, payload)
    // The token stands in the fragment, which no browser sends: it reaches no log and no Referer.
    const link = `${config.publicUrl}/account/${PAGES[purpose]}#token=${token}`
    yield* outbox.queue({
      kind: purpose,
      to: recipient.email,
      language: origin.language,
      userId: recipient.userId,
      expiresAt,
      values: { ...values, link, code, valid_for: inWords(expiresAt - now()) }
    })
  }

  const about = (user: User, whence: Whence) => particulars(user, whence, now())

  return {
    /** Asks whoever reads an unproven address to confirm it. */
    verifyEmail: (user: User, email: string, origin: Whence): Work<void> =>
      send('verify_email', { userId: user.id, email }, origin),
    /** Lets whoever reads the address of an account set a new password. */
    resetPassword: (user: User, email: string, origin: Whence): Work<void> =>
      send('reset_password', { userId: user.id, email }, origin, about(user, origin)),
    /** Lets whoever reads the address of an account log in. */
    login: (user: User, email: string, origin: Whence): Work<void> =>
      send('login', { userId: user.id, email }, origin, about(user, origin)),
    /** Asks whoever reads another address to make it that of the account. */
    changeEmail: (user: User, email: string, origin: Whence): Work<void> =>
      send('change_email', { userId: user.id, email }, origin),
    /** Tells the owner of an address that somebody tried to use it for another account. */
    *accountExists(owner: User, origin: Whence): Work<void> {
      if (owner.email === null) return
      const { id: userId, email: to } = owner
      yield* outbox.queue({
        kind: 'account_exists',
        to,
        userId,
        language: origin.language,
        values: about(owner, origin)
      })
    },
    /** Lets whoever reads an address make an account, with these roles. */
    invite: (email: string, roles: string[], inviter: User | undefined, origin: Whence): Work<void> =>
      send('invite', { email }, origin, inviter ? { inviter: inviter.username } : {}, { roles })
  }
}

const MINUTE = 60_000

/** `30 minutes`, `24 hours`, `7 days`. */
function inWords(milliseconds: number): string {
  const minutes = Math.round(milliseconds / MINUTE)
  if (minutes < 120) return `${minutes} minutes`
  return minutes <= 24 * 60 ? `${minutes / 60} hours` : `${minutes / 24 / 60} days`
}
