import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit, AuditEvent } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Guessing } from './guessing.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { Caller } from './session-control.ts'
import type { Sessions } from './sessions.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  hashes: PasswordHashes
  sessions: Sessions
  guessing: Guessing
  audit: Audit
  now: Clock
}

export type Reauthentication = ReturnType<typeof createReauthentication>

/** How old the login of a user without a password may be who does what others show their password for. */
const FRESH = 5 * 60_000

const wrong = () => new PosternError('wrong_password', { errors: { password: ['The password is wrong.'] } })

/** Somebody who is signed in shows once more who they are, before what cannot be undone (ASVS 7.5.1). */
export function createReauthentication({ db, users, hashes, sessions, guessing, audit, now }: Parts) {
  return {
    /**
     * The caller, who knows the password; a wrong one is recorded as `failure`. Throws `validation_failed` where it is
     * missing, `wrong_password`, `rate_limited` after too many wrong ones, `overloaded`, and `token_not_valid` when the account is gone.
     */
    async verify(caller: Caller, password: string | undefined, failure: AuditEvent): Promise<User> {
      const { userId, sessionId, ip } = caller
      const user = await users.get(userId)
      if (user.passwordHash === null) return user
      if (password === undefined)
        throw new PosternError('validation_failed', { errors: { password: ['This field is required.'] } })
      const attempt = await guessing.inSession(user, caller)
      const matches = await attempt.verify(() => hashes.verify(user.passwordHash, password))
      await db.write(function* () {
        if (matches) return yield* attempt.succeeded(user)
        yield* audit.record({ event: failure, userId, sessionId, ip })
        yield* attempt.failed()
      })
      if (matches) return user
      throw wrong()
    },
    /**
     * The same user in the transaction at hand. Throws `token_not_valid` when the session has ended since, `wrong_password`
     * when the password was changed, and `step_up_required` when there is none and the login is over 5 minutes old.
     */
    *confirm(verified: User, { sessionId }: Caller): Work<User> {
      const present = yield* users.hold(verified.id)
      const session = yield* sessions.find(sessionId)
      if (!session || session.revokedAt || !present?.active) throw new PosternError('token_not_valid')
      if (present.passwordVersion !== verified.passwordVersion) throw wrong()
      if (present.passwordHash === null && now() - session.authTime.getTime() > FRESH)
        throw new PosternError('step_up_required')
      return present
    }
  }
}
