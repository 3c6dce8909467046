import type { Database, Work } from '../db/database.ts'
import { and, asc, gt, inArray, isNull, sql } from '../db/drizzle.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { LegacyTokens } from './legacy-tokens.ts'
import { type OneTimeTokens, purposes } from './one-time-tokens.ts'
import { living, type Sessions } from './sessions.ts'
import type { SigningKeys } from './signing-keys.ts'
import { PURGE_BATCH, slot } from './statements.ts'

interface Parts {
  db: Database
  sessions: Sessions
  legacyTokens: LegacyTokens
  oneTimeTokens: OneTimeTokens
  signingKeys: SigningKeys
  audit: Audit
  now: Clock
}

/** How much was refused at once: sessions, mailed links, mails with such a link that had not left, and users whose tokens of Django were good. */
export interface MassRevocation {
  sessions: number
  links: number
  mails: number
  imported: number
}

/** Takes everything out of service that was ever given to anybody; names, passwords, roles and clients stay. */
export function createMassRevocation(parts: Parts) {
  const { db, sessions, legacyTokens, oneTimeTokens, signingKeys, audit, now } = parts
  const { sessions: sessionRows, users, mails } = db.tables
  const livingSessions = db.prepare('mass_living_sessions', q =>
    q
      .select({ id: sessionRows.id })
      .from(sessionRows)
      .where(and(gt(sessionRows.id, slot('after')), living(sessionRows)))
      .orderBy(asc(sessionRows.id))
      .limit(PURGE_BATCH)
  )
  const importedUsers = db.prepare('mass_imported_users', q =>
    q
      .select({ id: users.id })
      .from(users)
      .where(and(gt(users.id, slot('after')), sql`${users.legacyId} is not null`))
      .orderBy(asc(users.id))
      .limit(PURGE_BATCH)
  )
  const dropMails = db.prepare('mass_mail_drop', q =>
    q
      .delete(mails)
      .where(and(inArray(mails.kind, purposes), isNull(mails.failedAt)))
      .returning({ id: mails.id })
  )

  /** Not in one transaction: beside a million sessions other writes go ahead. Gives how many rows there were. */
  async function inBatches(work: (after: string) => Work<Array<{ id: string }>>): Promise<number> {
    let count = 0
    let after = ''
    for (;;) {
      const ids = (await db.write(() => work(after))).map(({ id }) => id)
      count += ids.length
      if (ids.length < PURGE_BATCH) return count
      after = ids.toSorted().at(-1) as string
    }
  }

  const record = (event: 'session_expired' | 'authn_token_revoked', detail: Record<string, number>): Work<void> =>
    audit.record({ event, detail: { reason: 'admin', everyone: true, ...detail } })

  function* endBatch(after: string): Work<Array<{ id: string }>> {
    const found = yield* livingSessions({ after, now: new Date(now()) })
    for (const { id } of found) yield* sessions.end(id, 'admin')
    if (found.length > 0) yield* record('session_expired', { sessions: found.length })
    return found
  }

  function* refuseBatch(after: string): Work<Array<{ id: string }>> {
    const found = yield* importedUsers({ after })
    for (const { id } of found) yield* legacyTokens.refuseAll(id, 'refused')
    if (found.length > 0) yield* record('authn_token_revoked', { imported: found.length })
    return found
  }

  function* voidLinks(): Work<{ links: number; mails: number }> {
    const links = yield* oneTimeTokens.voidEveryone()
    const dropped = (yield* dropMails()).length
    if (links + dropped > 0) yield* record('authn_token_revoked', { links, mails: dropped })
    return { links, mails: dropped }
  }

  return {
    /**
     * Makes the signing keys anew, voids every mailed link, invitations too, and ends every session: no token of any kind
     * is good any more, not even one that nothing here knows of, and everybody logs in again. Stopped half-way it is begun anew.
     */
    async revokeEverything(): Promise<MassRevocation> {
      // First: it takes a moment, and refuses also what was issued after the moment that a backup is from.
      await signingKeys.revokeAll()
      const { links, mails: dropped } = await db.write(voidLinks)
      // Before the sessions: else a token of Django could still be exchanged for a new one.
      const imported = await inBatches(refuseBatch)
      return { sessions: await inBatches(endBatch), links, mails: dropped, imported }
    }
  }
}
