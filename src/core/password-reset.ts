import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import { type Addresses, refuseProven } from './addresses.ts'
import type { Audit } from './audit.ts'
import type { Guessing } from './guessing.ts'
import type { MailRequests } from './mail-requests.ts'
import type { Notices } from './notices.ts'
import type { OneTimeTokens, Proof } from './one-time-tokens.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { PasswordPolicy } from './password-policy.ts'
import type { Origin, Sessions } from './sessions.ts'
import type { Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  addresses: Addresses
  accountMails: AccountMails
  request: MailRequests
  oneTimeTokens: OneTimeTokens
  hashes: PasswordHashes
  policy: PasswordPolicy
  sessions: Sessions
  notices: Notices
  guessing: Guessing
  audit: Audit
}

/** How somebody who reads the mailbox of an account sets its password. */
export function createPasswordReset(parts: Parts) {
  const { db, users, addresses, accountMails, request, oneTimeTokens } = parts
  const { hashes, policy, sessions, notices, guessing, audit } = parts

  return {
    /** Mails a link to whoever reads the address of an active account. Throws `unavailable`. */
    request: (email: string, origin: Origin): Promise<void> =>
      request('reset_password', email, origin, user => accountMails.resetPassword(user, user.email, origin)),

    /**
     * Sets the new password, ends every session, voids every other link and makes the address proven, all at once. Throws
     * `invalid_link`; `validation_failed` for a weak password and `overloaded`, and then the link goes on to be good.
     */
    async confirm(proof: Proof, newPassword: string, origin: Origin): Promise<void> {
      const token = await oneTimeTokens.look('reset_password', proof)
      const owner = token.userId === null ? undefined : await db.read(users.at(token.userId))
      if (!owner?.active) throw new PosternError('invalid_link')
      const weak = policy.problems(newPassword, owner)
      if (weak.length > 0) throw new PosternError('validation_failed', { errors: { new_password: weak } })
      const passwordHash = await hashes.hash(newPassword)
      await db
        .write(function* () {
          const user = yield* users.hold(owner.id)
          yield* oneTimeTokens.consume(token)
          if (!user || !(yield* users.changePassword(user, passwordHash))) throw new PosternError('invalid_link')
          const proven = yield* addresses.prove(user, token.payload.email as string)
          yield* sessions.endAll(user.id, 'password_reset')
          yield* oneTimeTokens.voidAll(user.id)
          yield* guessing.renewed(proven)
          yield* notices.passwordChanged(proven, origin)
          yield* audit.record({
            event: 'authn_password_change',
            userId: user.id,
            ip: origin.ip,
            detail: { by: 'reset' }
          })
        })
        .catch(refuseProven)
    }
  }
}
