import type { Database } from '../db/database.ts'
import { and, asc, eq, gt, inArray, isNull, lt, sql } from '../db/drizzle.ts'
import { PURGE_BATCH, slot, slotAs } from './statements.ts'

export type OneTimeToken = Database['tables']['oneTimeTokens']['$inferSelect']

const TRIES = 5
const MOST_LISTED = 1000

/** What is asked of the table of mailed tokens. */
export function prepareOneTimeTokens(db: Database) {
  const { oneTimeTokens } = db.tables
  const deleted = { hash: oneTimeTokens.hash }
  const ofPurpose = eq(oneTimeTokens.purpose, slot('purpose'))
  const ofAddress = eq(oneTimeTokens.emailKey, slot('emailKey'))
  const usable = and(ofPurpose, gt(oneTimeTokens.expiresAt, slotAs('now', oneTimeTokens.expiresAt)))

  return {
    insert: db.prepare('one_time_token_insert', q =>
      q
        .insert(oneTimeTokens)
        .values({
          hash: slot('hash'),
          purpose: slot('purpose'),
          userId: slot('userId'),
          emailKey: slot('emailKey'),
          codeHash: slot('codeHash'),
          payload: slot('payload'),
          attempts: 0,
          createdAt: slot('now'),
          expiresAt: slot('expiresAt')
        })
        .returning(deleted)
    ),
    find: db.prepare('one_time_token_find', q =>
      q
        .select()
        .from(oneTimeTokens)
        .where(and(eq(oneTimeTokens.hash, slot('hash')), usable))
    ),
    pending: db.prepare('one_time_token_pending', q =>
      q.select().from(oneTimeTokens).where(usable).orderBy(asc(oneTimeTokens.createdAt)).limit(MOST_LISTED)
    ),
    // Counted before it is compared: of any number of guesses at once no more than five are looked at.
    tryCode: db.prepare('one_time_token_try', q =>
      q
        .update(oneTimeTokens)
        .set({ attempts: sql`${oneTimeTokens.attempts} + 1` })
        .where(and(ofAddress, usable, lt(oneTimeTokens.attempts, TRIES)))
        .returning()
    ),
    forgive: db.prepare('one_time_token_forgive', q =>
      q
        .update(oneTimeTokens)
        .set({ attempts: sql`${oneTimeTokens.attempts} - 1` })
        .where(eq(oneTimeTokens.hash, slot('hash')))
        .returning(deleted)
    ),
    consume: db.prepare('one_time_token_consume', q =>
      q
        .delete(oneTimeTokens)
        .where(and(eq(oneTimeTokens.hash, slot('hash')), usable))
        .returning(deleted)
    ),
    withdrawFromUser: db.prepare('one_time_token_withdraw_from_user', q =>
      q
        .delete(oneTimeTokens)
        .where(and(eq(oneTimeTokens.userId, slot('userId')), ofPurpose))
        .returning(deleted)
    ),
    withdrawFromAddress: db.prepare('one_time_token_withdraw_from_address', q =>
      q
        .delete(oneTimeTokens)
        .where(and(ofAddress, ofPurpose, isNull(oneTimeTokens.userId)))
        .returning(deleted)
    ),
    voidAll: db.prepare('one_time_token_void', q =>
      q
        .delete(oneTimeTokens)
        .where(eq(oneTimeTokens.userId, slot('userId')))
        .returning(deleted)
    ),
    voidEveryone: db.prepare('one_time_token_void_everyone', q => q.delete(oneTimeTokens).returning(deleted)),
    purge: db.prepare('one_time_token_purge', q => {
      const expired = q
        .select(deleted)
        .from(oneTimeTokens)
        .where(lt(oneTimeTokens.expiresAt, slotAs('now', oneTimeTokens.expiresAt)))
        .limit(PURGE_BATCH)
      return q.delete(oneTimeTokens).where(inArray(oneTimeTokens.hash, expired)).returning(deleted)
    })
  }
}
