import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import { type Addresses, refuseProven } from './addresses.ts'
import type { Audit } from './audit.ts'
import type { MailRequests } from './mail-requests.ts'
import type { Whence } from './notices.ts'
import type { OneTimeToken, OneTimeTokens, Proof } from './one-time-tokens.ts'
import type { Origin, Sessions } from './sessions.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  config: Config
  users: Users
  addresses: Addresses
  accountMails: AccountMails
  request: MailRequests
  oneTimeTokens: OneTimeTokens
  sessions: Sessions
  audit: Audit
}

export type EmailVerification = ReturnType<typeof createEmailVerification>

/** How an address is confirmed, or disowned, by whoever reads its mailbox. */
export function createEmailVerification(parts: Parts) {
  const { db, config, users, addresses, accountMails, request, oneTimeTokens, sessions, audit } = parts

  function* begin(user: User, origin: Whence): Work<void> {
    if (config.authEmailVerification === 'off' || user.emailVerified || user.email === null) return
    yield* accountMails.verifyEmail(user, user.email, origin)
  }

  /** Uses a token up: whose it was, and for which address. */
  function* redeem(token: OneTimeToken): Work<{ user: User; email: string }> {
    const user = token.userId === null ? undefined : yield* users.hold(token.userId)
    yield* oneTimeTokens.consume(token)
    if (!user?.active) throw new PosternError('invalid_link')
    return { user, email: token.payload.email as string }
  }

  return {
    /** Asks the owner of a new address to confirm it, unless AUTH_EMAIL_VERIFICATION is off. */
    begin,

    /** The same again, on request of anybody. Throws `unavailable`. */
    resend: (email: string, origin: Origin): Promise<void> =>
      request('verify_email', email, origin, user => begin(user, origin)),

    /** Confirms the address that a mail was sent to. Throws `invalid_link`. */
    async confirm(proof: Proof, ip: string): Promise<User> {
      const token = await oneTimeTokens.look('verify_email', proof)
      return db
        .write(function* () {
          const { user, email } = yield* redeem(token)
          const proven = yield* addresses.prove(user, email)
          yield* audit.record({ event: 'user_email_verified', userId: user.id, ip })
          return proven
        })
        .catch(refuseProven)
    },

    /**
     * Takes the address off an account that somebody else made with it, and ends the sessions of that account. Throws
     * `invalid_link`.
     */
    async disown(proof: Proof, ip: string): Promise<void> {
      const token = await oneTimeTokens.look('verify_email', proof)
      await db.write(function* () {
        const { user } = yield* redeem(token)
        yield* addresses.remove(user)
        yield* oneTimeTokens.voidAll(user.id)
        yield* sessions.endAll(user.id, 'address_proven')
        yield* audit.record({ event: 'user_email_disowned', userId: user.id, ip })
      })
    }
  }
}
