import type { Database } from '../db/database.ts'
import { type FieldErrors, PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import type { Audit } from './audit.ts'
import { emailProblem } from './identifiers.ts'
import type { Whence } from './notices.ts'
import type { OneTimeToken, OneTimeTokens, Proof } from './one-time-tokens.ts'
import type { Registration, Registrations } from './registration.ts'
import { roleProblem } from './roles.ts'
import type { Origin } from './sessions.ts'
import type { User, Users } from './users.ts'

/** Who is invited, and what the account will be allowed to do. */
export interface Invitation {
  email: string
  roles: string[]
}

/** An invitation that nobody has accepted yet. Times are ISO 8601, UTC. */
export interface PendingInvitation extends Invitation {
  created_at: string
  expires_at: string
}

interface Parts {
  db: Database
  users: Users
  accountMails: AccountMails
  oneTimeTokens: OneTimeTokens
  registration: Registrations
  audit: Audit
}

/** How somebody gets an account because somebody else wants them to. */
export function createInvitations({ db, users, accountMails, oneTimeTokens, registration, audit }: Parts) {
  async function demandFitting({ email, roles }: Invitation): Promise<void> {
    const address =
      emailProblem(email) ?? ((await users.findByEmail(email)) && 'A user with this address exists already.')
    const role = roles.map(roleProblem).find(problem => problem !== undefined)
    const errors: FieldErrors = { ...(address && { email: [address] }), ...(role && { roles: [role] }) }
    if (address || role) throw new PosternError('validation_failed', { errors })
  }

  return {
    /** Mails an invitation; an earlier one to the same address is void. Throws `validation_failed`, `unavailable`. */
    async invite({ email: given, roles }: Invitation, inviter: User | undefined, origin: Whence): Promise<void> {
      const email = given.trim()
      await demandFitting({ email, roles })
      await db.write(function* () {
        yield* accountMails.invite(email, roles, inviter, origin)
        yield* audit.record({ event: 'user_invited', userId: inviter?.id, ip: origin.ip, detail: { roles } })
      })
    },
    /** Takes an invitation back. Throws `not_found`. */
    withdraw: (email: string, by: User | undefined, origin: Whence): Promise<void> =>
      db.write(function* () {
        if (!(yield* oneTimeTokens.withdraw('invite', { email }))) throw new PosternError('not_found')
        yield* audit.record({ event: 'user_invitation_withdrawn', userId: by?.id, ip: origin.ip })
      }),
    /** The invitations that wait, oldest first, 1,000 at most. */
    list: async (): Promise<PendingInvitation[]> => (await oneTimeTokens.pending('invite')).map(describe),
    /**
     * Makes the account that somebody was invited to; its address is proven. Throws `invalid_link`; `validation_failed`
     * and `overloaded`, and then the invitation goes on to be good.
     */
    async accept(proof: Proof, account: Omit<Registration, 'email' | 'roles'>, origin: Origin): Promise<User> {
      const token = await oneTimeTokens.look('invite', proof)
      const { email, roles } = token.payload as unknown as Invitation
      return registration.acceptInvitation({ ...account, email, roles }, () => oneTimeTokens.consume(token), origin)
    }
  }
}

const describe = ({ payload, createdAt, expiresAt }: OneTimeToken): PendingInvitation => ({
  ...(payload as unknown as Invitation),
  created_at: createdAt.toISOString(),
  expires_at: expiresAt.toISOString()
})
