import { type Database, UniqueViolation, type Work } from '../db/database.ts'
import { and, eq, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import { canonical } from './identifiers.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { Sessions } from './sessions.ts'
import { slot, slotAs } from './statements.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  sessions: Sessions
  oneTimeTokens: OneTimeTokens
}

export type Addresses = ReturnType<typeof createAddresses>

/** Whose an e-mail address is, and what follows when somebody proves to read its mailbox. */
export function createAddresses({ db, users, sessions, oneTimeTokens }: Parts) {
  const { users: table } = db.tables
  const claimant = db.prepare('address_claimant', q =>
    q
      .select()
      .from(table)
      .where(eq(table.unprovenEmailKey, slot('key')))
      .orderBy(sql`${table.createdAt} desc, ${table.id} desc`)
      .limit(1)
  )
  const set = db.prepare('address_set', q =>
    q
      .update(table)
      .set({
        email: sql`${slot('email')}`,
        emailKey: sql`${slot('key')}`,
        unprovenEmailKey: sql`null`,
        emailVerified: slotAs('verified', table.emailVerified)
      })
      .where(and(eq(table.id, slot('id')), eq(table.active, true)))
      .returning()
  )

  /** Throws `invalid_link` when the user was disabled meanwhile. */
  function* assign(user: User, email: string | null): Work<User> {
    const key = email === null ? null : canonical(email)
    const [changed] = yield* set({ id: user.id, email, key, verified: email !== null })
    if (!changed) throw new PosternError('invalid_link')
    users.forget(user.id)
    return changed
  }

  return {
    /** Whom a mail to that address is for: its owner, else whoever named it last. The mail goes to the stored address. */
    async find(email: string): Promise<User | undefined> {
      return (await users.findByEmail(email)) ?? (await db.read(claimant({ key: canonical(email) })))[0]
    },
    /** Makes an address the user's own and proven. Ends with UniqueViolation when another user proved it first. */
    prove: (user: User, email: string): Work<User> => assign(user, email),
    /**
     * The same for somebody who brings nothing but the mailbox: what an earlier owner who never proved it left there, a
     * password, sessions, other links, is theirs no more.
     */
    *takeOver(user: User, email: string): Work<User> {
      if (!user.emailVerified) {
        yield* users.changePassword(user, null)
        yield* sessions.endAll(user.id, 'address_proven')
        yield* oneTimeTokens.voidAll(user.id)
      }
      return yield* assign(user, email)
    },
    /** Takes an unproven address off an account. */
    remove: (user: User): Work<User> => assign(user, null)
  }
}

/** What the holder of a link learns when somebody else has proved the address meanwhile. */
export function refuseProven(error: unknown): never {
  throw error instanceof UniqueViolation ? new PosternError('invalid_link', { cause: error }) : error
}
