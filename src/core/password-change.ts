import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Guessing } from './guessing.ts'
import type { Notices } from './notices.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { PasswordPolicy } from './password-policy.ts'
import type { Origin, Sessions } from './sessions.ts'
import type { Users } from './users.ts'

/** Who changes which password, in which session and from where. */
export interface PasswordChange extends Origin {
  userId: string
  sessionId: string
  oldPassword: string
  newPassword: string
}

interface Parts {
  db: Database
  users: Users
  hashes: PasswordHashes
  policy: PasswordPolicy
  sessions: Sessions
  oneTimeTokens: OneTimeTokens
  notices: Notices
  guessing: Guessing
  audit: Audit
}

/** How a signed-in user replaces the password. */
export function createPasswordChange(parts: Parts) {
  const { db, users, hashes, policy, sessions, oneTimeTokens, notices, guessing, audit } = parts
  const wrong = () => new PosternError('wrong_password', { errors: { old_password: ['The password is wrong.'] } })

  return {
    /**
     * Sets the new password, ends every other session and voids every mailed link, all at once. Throws
     * `wrong_password`, `rate_limited` after too many wrong ones, `validation_failed`, `overloaded`, and `token_not_valid` when this session has ended meanwhile.
     */
    async change(request: PasswordChange): Promise<void> {
      const { userId, sessionId, oldPassword, newPassword, ip } = request
      const user = await users.get(userId)
      const attempt = await guessing.inSession(user, request)
      const matches = await attempt.verify(() => hashes.verify(user.passwordHash, oldPassword))
      await db.write(function* () {
        if (matches) return yield* attempt.succeeded(user)
        yield* audit.record({ event: 'authn_password_change_fail', userId, sessionId, ip })
        yield* attempt.failed()
      })
      if (!matches) throw wrong()
      const weak = policy.problems(newPassword, user)
      if (weak.length > 0) throw new PosternError('validation_failed', { errors: { new_password: weak } })
      const passwordHash = await hashes.hash(newPassword)
      const refusal = await db.write(function* () {
        yield* users.hold(userId)
        const session = yield* sessions.find(sessionId)
        if (!session || session.revokedAt) return new PosternError('token_not_valid')
        if (!(yield* users.changePassword(user, passwordHash))) return wrong()
        yield* sessions.endOthers(userId, sessionId, 'password_change')
        yield* oneTimeTokens.voidAll(userId)
        yield* guessing.renewed(user)
        yield* notices.passwordChanged(user, request)
        yield* audit.record({ event: 'authn_password_change', userId, sessionId, ip })
        return undefined
      })
      if (refusal) throw refusal
    }
  }
}
