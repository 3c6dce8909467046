import type { AnyColumn } from 'drizzle-orm'
import type { Columns } from './columns.sqlite.ts'
import { sql } from './drizzle.ts'
import { defineRecords } from './schema-records.ts'

/** The condition that a password still has the hash of the system that it was imported from. */
export const foreignHash = ({ passwordHash }: { passwordHash: AnyColumn }) =>
  sql`substr(${passwordHash}, 1, 10) <> '$argon2id$'`

/** Every table of Postern, written once; a column kit turns it into the tables of one database. */
export function defineTables(columns: Columns) {
  const { table, index, uniqueIndex, text, int, bool, time, json } = columns
  const users = table(
    'users',
    {
      id: text('id').primaryKey(),
      username: text('username').notNull(),
      usernameKey: text('username_key').notNull().unique(),
      email: text('email'),
      emailKey: text('email_key').unique(),
      emailVerified: bool('email_verified').notNull(),
      passwordHash: text('password_hash'),
      passwordVersion: int('password_version').notNull(),
      roles: json('roles').$type<string[]>().notNull(),
      profile: json('profile').$type<Record<string, unknown>>().notNull(),
      active: bool('active').notNull(),
      createdAt: time('created_at').notNull(),
      lastLoginAt: time('last_login_at'),
      /** Of an address that somebody named and nobody proved, where addresses belong to who proves them. */
      unprovenEmailKey: text('unproven_email_key'),
      /** What the user was called in the system that it was imported from. */
      legacyId: text('legacy_id').unique()
    },
    t => [
      index('users_unproven_email').on(t.unprovenEmailKey),
      // Of other systems' hashes only, so that it is empty where nothing was imported, and says when all are replaced.
      index('users_foreign_hash').on(t.passwordHash).where(foreignHash(t))
    ]
  )

  const sessions = table(
    'sessions',
    {
      id: text('id').primaryKey(),
      userId: text('user_id')
        .notNull()
        .references(() => users.id, { onDelete: 'cascade' }),
      jti: text('jti').notNull(),
      prevJti: text('prev_jti'),
      rotatedAt: time('rotated_at').notNull(),
      authTime: time('auth_time').notNull(),
      amr: json('amr').$type<string[]>().notNull(),
      idleExpiresAt: time('idle_expires_at').notNull(),
      expiresAt: time('expires_at').notNull(),
      ip: text('ip'),
      userAgent: text('user_agent'),
      createdAt: time('created_at').notNull(),
      lastUsedAt: time('last_used_at').notNull(),
      revokedAt: time('revoked_at'),
      revokeReason: text('revoke_reason'),
      statusIndex: int('status_index')
    },
    t => [
      index('sessions_user').on(t.userId),
      index('sessions_idle_expiry').on(t.idleExpiresAt),
      uniqueIndex('sessions_status').on(t.statusIndex)
    ]
  )

  const oneTimeTokens = table(
    'one_time_tokens',
    {
      hash: text('hash').primaryKey(),
      purpose: text('purpose').notNull(),
      /** Null in an invitation: there is no user yet. */
      userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
      payload: json('payload').$type<Record<string, unknown>>().notNull(),
      attempts: int('attempts').notNull(),
      createdAt: time('created_at').notNull(),
      expiresAt: time('expires_at').notNull(),
      usedAt: time('used_at'),
      /** Whom an invitation is for. */
      emailKey: text('email_key'),
      /** Of the short code that can be typed instead of the token. */
      codeHash: text('code_hash')
    },
    t => [
      index('one_time_tokens_user').on(t.userId, t.purpose),
      index('one_time_tokens_email').on(t.emailKey, t.purpose),
      index('one_time_tokens_expiry').on(t.expiresAt)
    ]
  )

  // From where users logged in before, as a pseudonym: a login from elsewhere is told to the user.
  const knownDevices = table(
    'known_devices',
    {
      id: text('id').primaryKey(),
      userId: text('user_id')
        .notNull()
        .references(() => users.id, { onDelete: 'cascade' }),
      seenAt: time('seen_at').notNull()
    },
    t => [index('known_devices_user').on(t.userId), index('known_devices_seen').on(t.seenAt)]
  )

  return { users, sessions, oneTimeTokens, knownDevices, ...defineRecords(columns) }
}

export type Tables = ReturnType<typeof defineTables>
