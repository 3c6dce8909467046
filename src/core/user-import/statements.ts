import { v7 as uuid } from 'uuid'
import type { Database, Work } from '../../db/database.ts'
import { eq, or } from '../../db/drizzle.ts'
import { canonical } from '../identifiers.ts'
import { deletedUser } from '../legacy-tokens.ts'
import { slot } from '../statements.ts'
import type { Draft } from './draft.ts'

/** What a user of ours has in common with one who is to be imported. */
export interface Relative {
  legacyId: string | null
  usernameKey: string
  emailKey: string | null
}

/** A refresh token of the other system that is to be refused. */
export interface RevokedToken {
  jti: string
  expiresAt: Date
}

/** Stands where the id of a session would: the tokens of another system have none. */
const SESSION = 'simplejwt'
const REASON = 'imported'

export type ImportStatements = ReturnType<typeof createImportStatements>

/** What an import reads and writes. */
export function createImportStatements(db: Database) {
  const { users, revokedJti } = db.tables
  const related = db.prepare('import_related', q =>
    q
      .select({ legacyId: users.legacyId, usernameKey: users.usernameKey, emailKey: users.emailKey })
      .from(users)
      .where(
        or(
          eq(users.legacyId, slot('legacyId')),
          eq(users.usernameKey, slot('usernameKey')),
          eq(users.emailKey, slot('emailKey'))
        )
      )
  )
  const mark = db.prepare('import_deleted', q =>
    q
      .select({ jti: revokedJti.jti })
      .from(revokedJti)
      .where(eq(revokedJti.jti, slot('jti')))
  )
  const values = {
    id: slot('id'),
    username: slot('username'),
    usernameKey: slot('usernameKey'),
    email: slot('email'),
    emailKey: slot('emailKey'),
    emailVerified: slot('emailVerified'),
    passwordHash: slot('passwordHash'),
    passwordVersion: 1,
    roles: slot('roles'),
    profile: slot('profile'),
    active: slot('active'),
    createdAt: slot('createdAt'),
    legacyId: slot('legacyId')
  }
  const insert = db.prepare('import_insert', q => q.insert(users).values(values).returning({ id: users.id }))
  // Apart from the other, because a time that is null cannot go into a slot.
  const insertWithLogin = db.prepare('import_insert_with_login', q =>
    q
      .insert(users)
      .values({ ...values, lastLoginAt: slot('lastLoginAt') })
      .returning({ id: users.id })
  )
  const insertToken = db.prepare('import_token', q =>
    q
      .insert(revokedJti)
      .values({
        jti: slot('jti'),
        sid: SESSION,
        reason: REASON,
        revokedAt: slot('revokedAt'),
        expiresAt: slot('expiresAt')
      })
      .onConflictDoNothing()
      .returning({ jti: revokedJti.jti })
  )

  return {
    /** The users that have the id, the name or the address of another system's user. */
    related: (legacyId: string, usernameKey: string, emailKey: string | null): Work<Relative[]> =>
      related({ legacyId, usernameKey, emailKey }),
    /** Whether somebody was imported before and has deleted the account here. */
    *isDeleted(legacyId: string): Work<boolean> {
      return (yield* mark({ jti: deletedUser(legacyId) })).length > 0
    },
    /** Adds a user. Throws UniqueViolation when the id, the name or the address is taken. */
    *add({ username, email, createdAt, lastLoginAt, ...draft }: Draft, now: Date): Work<void> {
      const since = createdAt ?? now
      const row = {
        ...draft,
        // In the order in which accounts came into being, as it is with those made here.
        id: uuid({ msecs: Math.max(0, since.getTime()) }),
        username,
        usernameKey: canonical(username),
        email,
        emailKey: email === null ? null : canonical(email),
        createdAt: since
      }
      yield* lastLoginAt ? insertWithLogin({ ...row, lastLoginAt }) : insert(row)
    },
    /** Refuses a token from the commit on; false when it was refused already. */
    *refuseToken({ jti, expiresAt }: RevokedToken, now: Date): Work<boolean> {
      return (yield* insertToken({ jti, expiresAt, revokedAt: now })).length > 0
    }
  }
}
