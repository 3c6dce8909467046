import type { Database, Work } from '../db/database.ts'
import { eq } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { PublicUser } from './public-user.ts'
import { roleProblem } from './roles.ts'
import type { Sessions } from './sessions.ts'
import { slot, slotAs } from './statements.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  sessions: Sessions
  oneTimeTokens: OneTimeTokens
  audit: Audit
}

/** What whoever runs the service does with the accounts of others. A user is named by username or address. */
export function createUserControl({ db, users, sessions, oneTimeTokens, audit }: Parts) {
  const { users: table } = db.tables
  const setActive = db.prepare('user_set_active', q =>
    q
      .update(table)
      .set({ active: slotAs('active', table.active) })
      .where(eq(table.id, slot('id')))
      .returning()
  )
  const setRoles = db.prepare('user_set_roles', q =>
    q
      .update(table)
      .set({ roles: slotAs('roles', table.roles) })
      .where(eq(table.id, slot('id')))
      .returning()
  )

  /** Throws `not_found` when the account is deleted meanwhile. */
  async function change(name: string, work: (user: User) => Work<User[]>): Promise<PublicUser> {
    const { id } = await users.demandByName(name)
    const changed = await db.write(function* () {
      const user = yield* users.hold(id)
      const [row] = user ? yield* work(user) : []
      if (!row) throw new PosternError('not_found')
      users.forget(id)
      return row
    })
    return users.describe(changed)
  }

  return {
    /** Ends every session of a user, voids every mailed link, and lets nobody log in. Throws `not_found`. */
    disable: (name: string): Promise<PublicUser> =>
      change(name, function* ({ id }) {
        const ended = yield* sessions.endAll(id, 'admin')
        yield* oneTimeTokens.voidAll(id)
        yield* audit.record({ event: 'user_updated', userId: id, detail: { active: false, sessions: ended } })
        return yield* setActive({ id, active: false })
      }),
    /** Lets a disabled user log in again; what was ended stays so. Throws `not_found`. */
    enable: (name: string): Promise<PublicUser> =>
      change(name, function* ({ id }) {
        yield* audit.record({ event: 'user_updated', userId: id, detail: { active: true } })
        return yield* setActive({ id, active: true })
      }),
    /** Gives a user these roles and no others; access tokens say so from their next refresh on. Throws `not_found`, `validation_failed`. */
    async setRoles(name: string, roles: string[]): Promise<PublicUser> {
      const problem = roles.map(roleProblem).find(problem => problem !== undefined)
      if (problem) throw new PosternError('validation_failed', { errors: { roles: [problem] } })
      return change(name, function* ({ id, roles: before }) {
        yield* audit.record({ event: 'authz_change', userId: id, detail: { before, roles } })
        return yield* setRoles({ id, roles })
      })
    }
  }
}
