import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import { type Addresses, refuseProven } from './addresses.ts'
import type { Audit } from './audit.ts'
import { canonical, emailProblem } from './identifiers.ts'
import type { Notices } from './notices.ts'
import type { OneTimeTokens, Proof } from './one-time-tokens.ts'
import type { Reauthentication } from './reauthentication.ts'
import type { Caller } from './session-control.ts'
import type { Origin } from './sessions.ts'
import type { User, Users } from './users.ts'

/** Who wants which address. */
export interface EmailChange extends Caller, Origin {
  /** Not needed by a user without one whose login is fresh. */
  password: string | undefined
  newEmail: string
}

interface Parts {
  db: Database
  users: Users
  addresses: Addresses
  accountMails: AccountMails
  oneTimeTokens: OneTimeTokens
  reauthentication: Reauthentication
  notices: Notices
  audit: Audit
}

/** How a signed-in user moves to another address: the old one stays until the new one is proven. */
export function createEmailChange(parts: Parts) {
  const { db, users, addresses, accountMails, oneTimeTokens, reauthentication, notices, audit } = parts

  function demandOther(user: User, newEmail: string): void {
    const problem =
      emailProblem(newEmail) ??
      (user.email !== null && canonical(user.email) === canonical(newEmail) && user.emailVerified
        ? 'This is your address already.'
        : undefined)
    if (problem) throw new PosternError('validation_failed', { errors: { new_email: [problem] } })
  }

  return {
    /**
     * Asks the new address to confirm, and tells the old one. Whether the new one belongs to another account shows in
     * nothing but the mail that its owner gets. Throws `validation_failed`, `wrong_password`, `step_up_required`,
     * `overloaded`, `unavailable`, and `token_not_valid` when the session has ended meanwhile.
     */
    async request(request: EmailChange): Promise<void> {
      const { sessionId, ip, password } = request
      const newEmail = request.newEmail.trim()
      const user = await reauthentication.verify(request, password, 'user_email_change_fail')
      demandOther(user, newEmail)
      const owner = await users.findByEmail(newEmail)
      await db.write(function* () {
        const present = yield* reauthentication.confirm(user, request)
        if (owner && owner.id !== user.id) yield* accountMails.accountExists(owner, request)
        else yield* accountMails.changeEmail(present, newEmail, request)
        yield* notices.emailChangeRequested(present, newEmail, request)
        yield* audit.record({ event: 'user_email_change_requested', userId: user.id, sessionId, ip })
      })
    },

    /**
     * Makes the new address the user's, voids every other link and tells the old address. Throws `invalid_link`, also when
     * somebody else has proved the address meanwhile.
     */
    async confirm(proof: Proof, origin: Origin): Promise<void> {
      const token = await oneTimeTokens.look('change_email', proof)
      await db
        .write(function* () {
          const user = token.userId === null ? undefined : yield* users.hold(token.userId)
          yield* oneTimeTokens.consume(token)
          if (!user?.active) throw new PosternError('invalid_link')
          const newEmail = token.payload.email as string
          yield* addresses.prove(user, newEmail)
          yield* oneTimeTokens.voidAll(user.id)
          yield* notices.emailChanged(user, newEmail, origin)
          yield* audit.record({ event: 'user_email_changed', userId: user.id, ip: origin.ip })
        })
        .catch(refuseProven)
    }
  }
}
