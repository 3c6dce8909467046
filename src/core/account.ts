import type { Database, Work } from '../db/database.ts'
import { UniqueViolation } from '../db/database.ts'
import { eq, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import { canonical, usernameProblem } from './identifiers.ts'
import type { Profile, Profiles } from './profiles.ts'
import type { PublicUser } from './public-user.ts'
import type { Caller } from './session-control.ts'
import type { Sessions } from './sessions.ts'
import { slot, slotAs } from './statements.ts'
import type { User, Users } from './users.ts'

/** What users change of their own account. */
export interface AccountChange {
  username?: string | undefined
  /** Fields of the profile schema; null takes one away. */
  profile: Profile
}

interface Parts {
  db: Database
  users: Users
  profiles: Profiles
  sessions: Sessions
  audit: Audit
}

const taken = (cause: unknown) =>
  new PosternError('validation_failed', { errors: { username: ['A user with this name exists already.'] }, cause })

/** How users change their own account. */
export function createAccount({ db, users, profiles, sessions, audit }: Parts) {
  const { users: table } = db.tables
  const set = db.prepare('account_set', q =>
    q
      .update(table)
      .set({
        username: sql`${slot('username')}`,
        usernameKey: sql`${slot('usernameKey')}`,
        profile: slotAs('profile', table.profile)
      })
      .where(eq(table.id, slot('id')))
      .returning()
  )

  /** The caller, as the account is now. The guard looked before the transaction began. Throws `token_not_valid`. */
  function* present({ userId, sessionId }: Caller): Work<User> {
    const user = yield* users.hold(userId)
    const session = yield* sessions.find(sessionId)
    if (!session || session.revokedAt || !user?.active) throw new PosternError('token_not_valid')
    return user
  }

  /** Names of fields only go on record: what is said of a person is no business of the trail. */
  function* write(before: User, { username, profile }: AccountChange, by: Partial<Caller>): Work<User> {
    const names = { username: username ?? before.username, usernameKey: canonical(username ?? before.username) }
    const writer = by.userId === undefined ? 'admin' : 'user'
    const merged = profiles.merge(before.profile, profile, writer)
    const [after] = yield* set({ id: before.id, ...names, profile: merged })
    users.forget(before.id)
    const fields = [...(username === undefined ? [] : ['username']), ...Object.keys(profile)]
    const { sessionId, ip } = by
    yield* audit.record({ event: 'user_updated', userId: before.id, sessionId, ip, detail: { fields } })
    return after as User
  }

  return {
    /**
     * Changes name and fields; what is not given stays, also what another change sets at the same moment. Throws
     * `validation_failed`, and `token_not_valid` when the session has ended meanwhile.
     */
    async change({ username, profile }: AccountChange, caller: Caller): Promise<PublicUser> {
      const name = username?.trim()
      const problem = name === undefined ? undefined : usernameProblem(name)
      if (problem) throw new PosternError('validation_failed', { errors: { username: [problem] } })
      const changed = await db
        .write(function* () {
          return yield* write(yield* present(caller), { username: name, profile }, caller)
        })
        .catch(error => Promise.reject(error instanceof UniqueViolation ? taken(error) : error))
      return users.describe(changed)
    },

    /**
     * Changes fields of the user with that username or address on behalf of whoever runs the service, also those that
     * are readOnly. Throws `not_found` and `validation_failed`.
     */
    async setProfile(name: string, profile: Profile): Promise<PublicUser> {
      const user = await users.demandByName(name)
      const changed = await db.write(function* () {
        const before = yield* users.hold(user.id)
        if (!before) throw new PosternError('not_found')
        return yield* write(before, { profile }, {})
      })
      return users.describe(changed)
    }
  }
}
