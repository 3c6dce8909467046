import type { Database } from '../db/database.ts'
import { and, asc, eq, sql } from '../db/drizzle.ts'
import { slot, slotAs } from './statements.ts'

/** A key as it is stored: the private half is sealed. */
export type KeyRow = Database['tables']['signingKeys']['$inferSelect']

/** The statements over signing keys, oldest key first. */
export function createSigningKeyRows(db: Database) {
  const { signingKeys } = db.tables
  /** The key `kid`, if it still has that state: what another process did first finds no row. */
  const is = (state: KeyRow['state']) => and(eq(signingKeys.kid, slot('kid')), eq(signingKeys.state, state))
  return {
    // Of two that were made in the same millisecond the one that signs is the older one.
    all: db.prepare('signing_key_all', q =>
      q
        .select()
        .from(signingKeys)
        .orderBy(asc(signingKeys.createdAt), sql`${signingKeys.activatedAt} is null`, asc(signingKeys.activatedAt))
    ),
    insert: db.prepare('signing_key_insert', q =>
      q
        .insert(signingKeys)
        .values({
          kid: slot('kid'),
          algorithm: slot('algorithm'),
          state: 'next',
          publicKey: slot('publicKey'),
          sealedPrivateKey: slot('sealedPrivateKey'),
          createdAt: slot('createdAt')
        })
        .returning({ kid: signingKeys.kid })
    ),
    retire: db.prepare('signing_key_retire', q =>
      q
        .update(signingKeys)
        .set({ state: 'retired', retiredAt: slotAs('now', signingKeys.retiredAt) })
        .where(is('current'))
        .returning({ kid: signingKeys.kid })
    ),
    activate: db.prepare('signing_key_activate', q =>
      q
        .update(signingKeys)
        .set({ state: 'current', activatedAt: slotAs('now', signingKeys.activatedAt) })
        .where(is('next'))
        .returning({ kid: signingKeys.kid })
    ),
    drop: db.prepare('signing_key_drop', q =>
      q.delete(signingKeys).where(is('next')).returning({ kid: signingKeys.kid })
    ),
    clear: db.prepare('signing_key_clear', q => q.delete(signingKeys).returning({ kid: signingKeys.kid })),
    forget: db.prepare('signing_key_forget', q =>
      q
        .delete(signingKeys)
        .where(
          sql`${signingKeys.state} = 'retired' and ${signingKeys.retiredAt} < ${slotAs('before', signingKeys.retiredAt)}`
        )
        .returning({ kid: signingKeys.kid })
    )
  }
}

export type SigningKeyRows = ReturnType<typeof createSigningKeyRows>

/** Whether the database holds signing keys, sealed under some master secret. */
export async function hasSigningKeys(db: Database): Promise<boolean> {
  const any = db.prepare('signing_key_any', q =>
    q.select({ kid: db.tables.signingKeys.kid }).from(db.tables.signingKeys).limit(1)
  )
  return (await db.read(any())).length > 0
}
