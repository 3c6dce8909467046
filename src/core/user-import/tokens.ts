import type { Database } from '../../db/database.ts'
import type { Audit } from '../audit.ts'
import type { Clock } from '../clock.ts'
import { inBatches } from './batches.ts'
import type { ForeignToken, ImportSource, Refusal } from './source.ts'
import type { ImportStatements, RevokedToken } from './statements.ts'
import { textOf, timeOf } from './values.ts'

const LONGEST_JTI = 255

/** Refresh tokens that the other system has revoked: they must not come back to life. */
export function createTokenImport(db: Database, audit: Audit, statements: ImportStatements, now: Clock) {
  const read = ({ jti, expiresAt }: ForeignToken): RevokedToken | undefined => {
    const token = { jti: textOf(jti), expiresAt: timeOf(expiresAt) }
    const fits = token.jti !== '' && token.jti.length <= LONGEST_JTI && token.expiresAt
    return fits ? (token as RevokedToken) : undefined
  }
  const isAlive = ({ expiresAt }: RevokedToken) => expiresAt.getTime() > now()

  return {
    /** Counts the tokens that are still alive, and those that cannot be understood. */
    async check(source: ImportSource, refused: (refusal: Refusal) => void): Promise<{ good: number; refused: number }> {
      const tally = { good: 0, refused: 0 }
      for await (const row of source.revokedTokens()) {
        const token = read(row)
        if (token) {
          tally.good += Number(isAlive(token))
          continue
        }
        tally.refused += 1
        const reasons = ['A blacklisted token needs a jti and an expires_at.']
        refused({ place: row.place, id: '', name: textOf(row.jti), reasons })
      }
      return tally
    },
    /** Refuses the tokens that are still alive from now on; returns how many were not refused already. */
    async write(source: ImportSource): Promise<number> {
      let written = 0
      await inBatches(source.revokedTokens(), async batch => {
        const tokens = batch.map(read).filter(token => token !== undefined && isAlive(token))
        written += await db.write(function* () {
          let count = 0
          for (const token of tokens as RevokedToken[])
            if (yield* statements.refuseToken(token, new Date(now()))) count += 1
          if (count > 0)
            yield* audit.record({ event: 'authn_token_revoked', detail: { reason: 'imported', tokens: count } })
          return count
        })
      })
      return written
    }
  }
}
