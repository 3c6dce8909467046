import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError, type Refusal } from '../errors.ts'
import type { AccessClaims } from './claims.ts'
import { type Clock, seconds } from './clock.ts'
import { type LegacyTokens, noSession } from './legacy-tokens.ts'
import type { DjangoClaims, Simplejwt } from './simplejwt.ts'
import type { User } from './users.ts'

interface Parts {
  db: Database
  config: Config
  simplejwt: Simplejwt
  legacyTokens: LegacyTokens
  now: Clock
}

export type LegacyAccess = ReturnType<typeof createLegacyAccess>

/** Accepts access tokens that Django issued, until they expire (AUTH_SIMPLEJWT_ACCESS). */
export function createLegacyAccess({ db, config, simplejwt, legacyTokens, now }: Parts) {
  function* bearer(claims: DjangoClaims): Work<User | Refusal> {
    const user = yield* legacyTokens.owner(claims)
    if (!user) return 'inactive'
    return (yield* legacyTokens.isRefused(user.id)) || (yield* legacyTokens.spent(claims)) ? 'ended' : user
  }

  return {
    /** Whether a token looks like one, and they are accepted now. */
    isIssuer: (token: string): boolean => config.authSimplejwtAccess === 'on' && simplejwt.isIssuer(token),

    /**
     * What one of our tokens would say about its user now: nothing is kept, so a change is in force at once. Its `sid`
     * names no session. Throws `token_not_valid`.
     */
    async authenticate(token: string): Promise<AccessClaims> {
      const claims = simplejwt.verify(token, 'access')
      const user = await db.read(bearer(claims))
      if (typeof user === 'string') throw new PosternError('token_not_valid', { refusal: user })
      const iat = claims.iat ?? seconds(now())
      return {
        iss: config.publicUrl,
        sub: user.id,
        aud: config.authAudience,
        iat,
        exp: claims.exp,
        jti: claims.jti,
        client_id: config.publicUrl,
        sid: noSession(claims),
        token_type: 'access',
        username: user.username,
        roles: user.roles,
        email: user.email,
        email_verified: user.emailVerified,
        auth_time: iat,
        amr: ['pwd'],
        user_id: claims.userId
      }
    }
  }
}
