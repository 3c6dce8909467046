import type { Database, Work } from '../db/database.ts'
import { and, eq, ne, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import type { AccountErasure } from './account-erasure.ts'
import type { Notices } from './notices.ts'
import type { Reauthentication } from './reauthentication.ts'
import type { Caller } from './session-control.ts'
import type { Origin } from './sessions.ts'
import { slot } from './statements.ts'
import type { User } from './users.ts'

/** Who deletes the own account, from where. */
export interface AccountDeletion extends Caller, Origin {
  /** Not needed by a user without one whose login is fresh. */
  password: string | undefined
}

interface Parts {
  db: Database
  reauthentication: Reauthentication
  erasure: AccountErasure
  notices: Notices
}

/** How users delete their own account. */
export function createAccountDeletion({ db, reauthentication, erasure, notices }: Parts) {
  const { users: accounts } = db.tables
  const isAdmin = sql`cast(${accounts.roles} as text) like '%"admin"%'`
  const otherAdmin = db.prepare('account_other_admin', q =>
    q
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(ne(accounts.id, slot('id')), eq(accounts.active, true), isAdmin))
      .limit(1)
  )

  function* demandOtherAdmin({ id, roles }: User): Work<void> {
    if (!roles.includes('admin')) return
    yield* db.hold('administrators')
    if ((yield* otherAdmin({ id })).length === 0)
      throw new PosternError('permission_denied', { detail: 'You are the only administrator.' })
  }

  return {
    /**
     * Deletes the account with all that is personal, and ends its sessions, all at once; of the audit trail stays what
     * happened, to which id and when. Throws `validation_failed` without a password, `wrong_password`, `overloaded`,
     * `step_up_required` when there is no password and the login is not fresh, `permission_denied` to the only
     * administrator, and `token_not_valid` when the session has ended meanwhile.
     */
    async remove(request: AccountDeletion): Promise<void> {
      const { userId: id, password } = request
      const user = await reauthentication.verify(request, password, 'user_delete_fail')
      await db.write(function* () {
        const present = yield* reauthentication.confirm(user, request)
        yield* demandOtherAdmin(present)
        yield* erasure.erase(id)
        yield* notices.accountDeleted(present, request)
      })
    }
  }
}
