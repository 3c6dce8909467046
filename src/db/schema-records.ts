import type { Columns } from './columns.sqlite.ts'

/** The tables that refer to no other: what they hold outlives the accounts that it is about, or has none. */
export function defineRecords({ table, index, text, int, bool, time, json }: Columns) {
  // Indexes of the status lists that no session holds: of tokens without one, and of what is over but not yet forgotten.
  const statusEntries = table(
    'status_entries',
    {
      statusIndex: int('status_index').primaryKey(),
      /** Whether tokens that name it are refused until then. */
      invalid: bool('invalid').notNull(),
      /** When the last token that names it has expired: it may be given out again. */
      freeFrom: time('free_from').notNull()
    },
    t => [index('status_entries_free').on(t.freeFrom)]
  )

  // Services that ask about tokens or get some of their own.
  const clients = table('clients', {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    secretHash: text('secret_hash').notNull(),
    scopes: json('scopes').$type<string[]>().notNull(),
    createdAt: time('created_at').notNull()
  })

  // The key is the jti of one access token, or the id of a session that ended: both are looked up by every check.
  const revokedJti = table(
    'revoked_jti',
    {
      jti: text('jti').primaryKey(),
      sid: text('sid').notNull(),
      reason: text('reason').notNull(),
      revokedAt: time('revoked_at').notNull(),
      expiresAt: time('expires_at').notNull()
    },
    t => [index('revoked_jti_expiry').on(t.expiresAt)]
  )

  const signingKeys = table('signing_keys', {
    kid: text('kid').primaryKey(),
    algorithm: text('algorithm').notNull(),
    state: text('state').$type<'next' | 'current' | 'retired'>().notNull(),
    publicKey: text('public_key').notNull(),
    sealedPrivateKey: text('sealed_private_key').notNull(),
    createdAt: time('created_at').notNull(),
    activatedAt: time('activated_at'),
    retiredAt: time('retired_at')
  })

  // Mails that wait to be sent, or that could not be. No foreign key: some are about an account that is gone.
  const mails = table(
    'mails',
    {
      id: text('id').primaryKey(),
      kind: text('kind').notNull(),
      userId: text('user_id'),
      /** To whom, and what to say: it may hold a token, so it is encrypted. */
      sealed: text('sealed').notNull(),
      createdAt: time('created_at').notNull(),
      /** A worker that takes a mail moves this on, so that no other takes it too. */
      nextAttemptAt: time('next_attempt_at').notNull(),
      /** After this nobody needs it any more. */
      expiresAt: time('expires_at').notNull(),
      attempts: int('attempts').notNull(),
      /** When it was given up. */
      failedAt: time('failed_at'),
      lastError: text('last_error')
    },
    t => [index('mails_due').on(t.failedAt, t.nextAttemptAt), index('mails_expiry').on(t.expiresAt)]
  )

  // No foreign keys: the trail outlives the account that it is about.
  const auditEvents = table(
    'audit_events',
    {
      id: text('id').primaryKey(),
      at: time('at').notNull(),
      event: text('event').notNull(),
      userId: text('user_id'),
      sessionId: text('session_id'),
      ip: text('ip'),
      detail: json('detail').$type<Record<string, unknown>>().notNull(),
      /** Of all that the row says, with the salt, which goes when the row is made anonymous. */
      digest: text('digest'),
      salt: text('salt')
    },
    t => [index('audit_events_at').on(t.at), index('audit_events_user').on(t.userId)]
  )

  // Checkpoints of the trail: each is signed, and covers the rows since the one before it.
  const auditSeals = table('audit_seals', {
    id: text('id').primaryKey(),
    throughId: text('through_id').notNull().unique(),
    rows: int('rows').notNull(),
    hash: text('hash').notNull(),
    signature: text('signature').notNull(),
    kid: text('kid').notNull(),
    at: time('at').notNull()
  })

  // Failed logins in a row, by account and by where they come from.
  const loginFailures = table(
    'login_failures',
    {
      key: text('key').primaryKey(),
      failures: int('failures').notNull(),
      lastAt: time('last_at').notNull(),
      blockedUntil: time('blocked_until')
    },
    t => [index('login_failures_last').on(t.lastAt)]
  )

  return { statusEntries, clients, revokedJti, signingKeys, mails, auditEvents, auditSeals, loginFailures }
}
