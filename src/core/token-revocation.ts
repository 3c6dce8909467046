import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { TokenClaims } from './claims.ts'
import type { Client } from './clients.ts'
import type { CutOver } from './cut-over.ts'
import { OAuthError } from './oauth-error.ts'
import type { Revocations } from './revocations.ts'
import type { Sessions } from './sessions.ts'
import type { StatusIndexes } from './status-indexes.ts'
import type { GenuineRefresh, Tokens } from './tokens.ts'

interface Parts {
  db: Database
  tokens: Tokens
  sessions: Sessions
  revocations: Revocations
  refresh: Pick<CutOver, 'revoke'>
  statusIndexes: StatusIndexes
  audit: Audit
}

/** How a client takes a token out of service (RFC 7009). */
export function createTokenRevocation({ db, tokens, sessions, revocations, refresh, statusIndexes, audit }: Parts) {
  const verifyRefresh = async (token: string): Promise<GenuineRefresh> => tokens.verifyRefresh(token)

  async function revokeAccess(claims: TokenClaims, client: Client, ip: string): Promise<void> {
    const isMachine = claims.sid === undefined
    if (isMachine && claims.client_id !== client.id) throw new OAuthError('unauthorized_client')
    const about = isMachine ? {} : { userId: claims.sub, sessionId: claims.sid }
    await db.write(function* () {
      if (!(yield* revocations.revokeToken(claims, 'revoked'))) return
      yield* statusIndexes.refuse(claims)
      yield* audit.record({
        event: 'authn_token_revoked',
        ...about,
        ip,
        detail: { client: client.id, jti: claims.jti }
      })
    })
  }

  /** Of any generation: whoever gives a token up means its session. */
  const revokeRefresh = ({ sub, sid }: GenuineRefresh, client: Client, ip: string): Promise<void> =>
    db.write(function* () {
      if (!(yield* sessions.end(sid, 'revoked'))) return
      const detail = { client: client.id }
      yield* audit.record({ event: 'authn_token_revoked', userId: sub, sessionId: sid, ip, detail })
    })

  return {
    /**
     * Refuses one access token from the commit on, or ends the session of a refresh token. A token that is not valid is
     * no error (RFC 7009 section 2.2). Throws `unauthorized_client` for the token of another client.
     */
    async revoke(token: string, client: Client, ip: string): Promise<void> {
      const access = await tokens.authenticate(token).catch(nothing)
      if (access) return revokeAccess(access, client, ip)
      const claims = await verifyRefresh(token).catch(nothing)
      if (claims) await revokeRefresh(claims, client, ip)
      else await refresh.revoke(token, client, ip).catch(nothing)
    }
  }
}

function nothing(error: unknown): undefined {
  if (error instanceof PosternError && error.code === 'token_not_valid') return
  throw error
}
