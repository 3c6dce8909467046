import { v7 as uuid } from 'uuid'
import type { Database, Work } from '../db/database.ts'
import { and, asc, eq, gt, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { canonical } from './identifiers.ts'
import type { PublicUser } from './public-user.ts'
import { slot, slotAs } from './statements.ts'
import { createUserCache } from './user-cache.ts'

export type { PublicUser } from './public-user.ts'
export type Users = ReturnType<typeof createUsers>
export type User = Database['tables']['users']['$inferSelect']

/** What a user is made from; names are already checked. */
export interface NewUser {
  username: string
  email: string | null
  passwordHash: string
  roles: string[]
  /** `named`, the default: nobody else may have it. `unproven`: others may name it too, until one proves it. */
  address?: 'named' | 'unproven' | 'proven'
  /** Already checked and complete; empty by default. */
  profile?: Record<string, unknown>
}

/** The accounts. `show` says what of a stored profile is for people. */
export function createUsers(db: Database, now: Clock, show = (profile: User['profile']) => profile) {
  const { users } = db.tables
  const insert = db.prepare('user_insert', q =>
    q
      .insert(users)
      .values({
        id: slot('id'),
        username: slot('username'),
        usernameKey: slot('usernameKey'),
        email: slot('email'),
        emailKey: slot('emailKey'),
        unprovenEmailKey: slot('unprovenEmailKey'),
        emailVerified: slot('emailVerified'),
        passwordHash: slot('passwordHash'),
        passwordVersion: 1,
        roles: slot('roles'),
        profile: slot('profile'),
        active: true,
        createdAt: slot('createdAt')
      })
      .returning()
  )
  const thatOne = eq(users.id, slot('id'))
  const byId = db.prepare('user_by_id', q => q.select().from(users).where(thatOne))
  // Changes nothing, but locks the row: whoever else takes it, or changes it, waits for the end of this transaction.
  const hold = db.prepare('user_hold', q =>
    q
      .update(users)
      .set({ active: sql`${users.active}` })
      .where(thatOne)
      .returning()
  )
  const hasName = eq(users.usernameKey, slot('key'))
  const byUsername = db.prepare('user_by_username', q => q.select().from(users).where(hasName))
  const hasEmail = eq(users.emailKey, slot('key'))
  const byEmail = db.prepare('user_by_email', q => q.select().from(users).where(hasEmail))
  const page = db.prepare('user_page', q =>
    q
      .select()
      .from(users)
      .where(gt(users.id, slot('after')))
      .orderBy(asc(users.id))
      .limit(100)
  )
  // Both take effect only for the password that was verified: a change of it in the meantime makes them match no row.
  const stillThat = and(thatOne, eq(users.active, true), eq(users.passwordVersion, slot('version')))
  const noteLogin = db.prepare('user_note_login', q =>
    q
      .update(users)
      .set({ lastLoginAt: slotAs('now', users.lastLoginAt) })
      .where(stillThat)
      .returning()
  )
  const upgradeHash = db.prepare('user_upgrade_hash', q =>
    q
      .update(users)
      .set({ passwordHash: sql`${slot('passwordHash')}` })
      .where(stillThat)
      .returning({ id: users.id })
  )
  const changePassword = db.prepare('user_change_password', q =>
    q
      .update(users)
      .set({ passwordHash: sql`${slot('passwordHash')}`, passwordVersion: sql`${users.passwordVersion} + 1` })
      .where(stillThat)
      .returning({ id: users.id })
  )

  const cache = createUserCache(db)

  async function get(id: string): Promise<User> {
    const [user] = await db.read(byId({ id }))
    if (!user) throw new PosternError('token_not_valid')
    return user
  }

  const describe = (user: User): PublicUser => ({
    id: user.id,
    username: user.username,
    email: user.email,
    email_verified: user.emailVerified,
    roles: user.roles,
    profile: show(user.profile),
    created_at: user.createdAt.toISOString(),
    last_login_at: user.lastLoginAt?.toISOString() ?? null
  })

  return {
    describe,
    /** The user of a valid token, described. Throws `token_not_valid` when the account is gone. */
    profile: (id: string): Promise<PublicUser> => cache.get(id, async () => describe(await get(id))),
    /** Adds a user. Throws UniqueViolation when the username or the address is taken. */
    *add({ username, email, passwordHash, roles, address = 'named', profile = {} }: NewUser): Work<User> {
      const key = email === null ? null : canonical(email)
      const [user] = yield* insert({
        id: uuid(),
        username: username.trim(),
        usernameKey: canonical(username),
        email: email?.trim() ?? null,
        emailKey: address === 'unproven' ? null : key,
        unprovenEmailKey: address === 'unproven' ? key : null,
        emailVerified: address === 'proven',
        passwordHash,
        roles,
        profile,
        createdAt: new Date(now())
      })
      return user as User
    },
    /** The user of a valid token. Throws `token_not_valid` when the account is gone. */
    get,
    /**
     * The user, whom nobody else changes until the transaction at hand ends; undefined when the account is gone. Whatever
     * reads something of a user before it writes takes the user first, before any other row.
     */
    *hold(id: string): Work<User | undefined> {
      return (yield* hold({ id }))[0]
    },
    /** The same inside a transaction; undefined when the account is gone. */
    *at(id: string): Work<User | undefined> {
      return (yield* byId({ id }))[0]
    },
    findByUsername: async (username: string): Promise<User | undefined> =>
      (await db.read(byUsername({ key: canonical(username) })))[0],
    findByEmail: async (email: string): Promise<User | undefined> =>
      (await db.read(byEmail({ key: canonical(email) })))[0],
    /** The user with that username or address, named by whoever runs the service. Throws `not_found`. */
    async demandByName(name: string): Promise<User> {
      const [user] = [
        ...(await db.read(byEmail({ key: canonical(name) }))),
        ...(await db.read(byUsername({ key: canonical(name) })))
      ]
      if (!user) throw new PosternError('not_found', { detail: `There is no user ${JSON.stringify(name)}.` })
      return user
    },
    /** All users, oldest first. */
    async *all(): AsyncGenerator<User> {
      for (let after = ''; ; ) {
        const rows = await db.read(page({ after }))
        yield* rows
        const last = rows.at(-1)
        if (!last) return
        after = last.id
      }
    },
    /** Notes a login; undefined when the user was disabled or the password changed since `user` was read. */
    *noteLogin(user: User, upgradedHash?: string): Work<User | undefined> {
      const which = { id: user.id, version: user.passwordVersion }
      if (upgradedHash) yield* upgradeHash({ ...which, passwordHash: upgradedHash })
      cache.forget(user.id)
      return (yield* noteLogin({ ...which, now: new Date(now()) }))[0]
    },
    /** Something else changed the row: what is kept of it is out of date. */
    forget: cache.forget,
    /** Sets a password, or none; false when the user was disabled or the password changed since `user` was read. */
    *changePassword(user: User, passwordHash: string | null): Work<boolean> {
      return (yield* changePassword({ id: user.id, version: user.passwordVersion, passwordHash })).length > 0
    }
  }
}
