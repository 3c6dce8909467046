import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Caller } from './session-control.ts'
import type { User, Users } from './users.ts'

/** Who may look after the accounts of others. */
export function createAdministration({ db, users, audit }: { db: Database; users: Users; audit: Audit }) {
  return {
    /**
     * The user of a valid token, who is an administrator now: the store is asked, because the token may be older than the
     * loss of the role. Throws `permission_denied`, which is put on record, and `token_not_valid` when the account is gone.
     */
    async demand(caller: Caller): Promise<User> {
      const user = await users.get(caller.userId)
      if (user.active && user.roles.includes('admin')) return user
      await db.write(() => audit.record({ ...caller, event: 'authz_fail', detail: { role: 'admin' } }))
      throw new PosternError('permission_denied')
    }
  }
}
