import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import { type Addresses, refuseProven } from './addresses.ts'
import type { Login } from './login.ts'
import type { MailRequests } from './mail-requests.ts'
import type { OneTimeTokens, Proof } from './one-time-tokens.ts'
import type { Origin } from './sessions.ts'
import type { TokenPair, Tokens } from './tokens.ts'
import type { Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  addresses: Addresses
  accountMails: AccountMails
  request: MailRequests
  oneTimeTokens: OneTimeTokens
  login: Login
  tokens: Tokens
}

/** Logging in with nothing but a mailbox. */
export function createMailedLogin({
  db,
  users,
  addresses,
  accountMails,
  request,
  oneTimeTokens,
  login,
  tokens
}: Parts) {
  return {
    /** Mails a link and a code to whoever reads the address of an active account. Throws `unavailable`. */
    request: (email: string, origin: Origin): Promise<void> =>
      request('login', email, origin, user => accountMails.login(user, user.email, origin)),

    /**
     * Begins a session. An address that was not proven before is now, and what its former owner left in the account, a
     * password, sessions, is gone. Throws `invalid_link`.
     */
    async confirm(proof: Proof, origin: Origin): Promise<TokenPair> {
      const token = await oneTimeTokens.look('login', proof)
      const { user, session } = await db
        .write(function* () {
          const owner = token.userId === null ? undefined : yield* users.hold(token.userId)
          yield* oneTimeTokens.consume(token)
          if (!owner?.active) throw new PosternError('invalid_link')
          const user = yield* addresses.takeOver(owner, token.payload.email as string)
          const begun = yield* login.begin(user, ['otp'], origin)
          if (!begun) throw new PosternError('invalid_link')
          return begun
        })
        .catch(refuseProven)
      return tokens.pair(user, session)
    }
  }
}
