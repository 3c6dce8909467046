import { v7 as uuid } from 'uuid'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError, type Refusal } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Client } from './clients.ts'
import { type Clock, seconds } from './clock.ts'
import { type LegacyTokens, noSession, type SpentToken } from './legacy-tokens.ts'
import type { Refresh } from './refresh.ts'
import type { Session, Sessions } from './sessions.ts'
import type { DjangoClaims, Simplejwt } from './simplejwt.ts'
import type { GenuineRefresh, TokenPair, Tokens } from './tokens.ts'
import type { User } from './users.ts'

interface Parts {
  db: Database
  config: Config
  /** What is done with our own tokens. */
  refresh: Refresh
  simplejwt: Simplejwt
  legacyTokens: LegacyTokens
  sessions: Sessions
  tokens: Tokens
  audit: Audit
  now: Clock
}

export type CutOver = ReturnType<typeof createCutOver>

/** What the holder of a refresh token may do with it, be it one of ours or, until AUTH_SIMPLEJWT_UNTIL, one of Django. */
export function createCutOver(parts: Parts) {
  const { db, config, refresh, simplejwt, legacyTokens, sessions, tokens, audit, now } = parts
  const { isIssuer } = simplejwt

  /** The exchange was a moment ago, and nobody has used what it gave: the client may never have seen the answer. */
  const inGrace = (spent: SpentToken, session: Session) =>
    session.prevJti === null && now() - spent.revokedAt.getTime() < config.authRefreshGrace

  /** Spends a token, for the session `sid`; false when it was spent already or all those of its user are refused. */
  function* spend(claims: DjangoClaims, user: User, sid: string, reason: 'exchanged' | 'logout'): Work<boolean> {
    return !(yield* legacyTokens.isRefused(user.id)) && (yield* legacyTokens.spend(claims, sid, reason))
  }

  /** The living session that a spent token began. */
  function* begunBy(spent: SpentToken | undefined): Work<Session | undefined> {
    const session = spent?.reason === 'exchanged' ? yield* sessions.find(spent.sid) : undefined
    return session && refresh.isAlive(session) ? session : undefined
  }

  /** The session of a token that is sent again; as with our own, one that comes too late ends it. */
  function* replay(claims: DjangoClaims, ip: string): Work<Session | 'ended'> {
    const spent = yield* legacyTokens.spent(claims)
    const session = yield* begunBy(spent)
    if (!spent || !session) return 'ended'
    if (inGrace(spent, session)) return session
    yield* refresh.endForReuse(session, ip)
    return 'ended'
  }

  function* begin(claims: DjangoClaims, user: User, id: string, ip: string, userAgent?: string): Work<Session> {
    const authTime = claims.iat === undefined ? now() : claims.iat * 1000
    const session = yield* sessions.start(user.id, ['pwd'], { ip, userAgent }, { id, authTime })
    const detail = { from: 'simplejwt', jti: claims.jti }
    yield* audit.record({ event: 'authn_token_created', userId: user.id, sessionId: id, ip, detail })
    return session
  }

  function* standing(claims: DjangoClaims): Work<User | Refusal> {
    const user = yield* legacyTokens.owner(claims)
    if (!user) return 'inactive'
    const spent = yield* legacyTokens.spent(claims)
    if (!spent) return (yield* legacyTokens.isRefused(user.id)) ? 'ended' : user
    const session = yield* begunBy(spent)
    return session && inGrace(spent, session) ? user : 'ended'
  }

  return {
    /**
     * Exchanges a refresh token for a new pair of ours. Of any number of concurrent callers one advances or begins the
     * session and all get the same successor; a token that was spent before that ends it. Throws `token_not_valid`.
     */
    async rotate(token: string, ip: string, userAgent?: string): Promise<TokenPair> {
      if (!isIssuer(token)) return refresh.rotate(token, ip)
      const claims = simplejwt.verify(token, 'refresh')
      const granted = await db.write(function* () {
        const user = yield* legacyTokens.holdOwner(claims)
        if (!user) return 'inactive'
        const id = uuid()
        const session = (yield* spend(claims, user, id, 'exchanged'))
          ? yield* begin(claims, user, id, ip, userAgent)
          : yield* replay(claims, ip)
        if (session === 'ended') return session
        tokens.prepare(user)
        return { user, session }
      })
      if (typeof granted === 'string') throw refused(granted)
      return tokens.pair(granted.user, granted.session)
    },

    /** Ends the session of a refresh token, or the token where it began none. Throws `token_not_valid`. */
    async logout(token: string, ip: string): Promise<void> {
      if (!isIssuer(token)) return refresh.logout(token, ip)
      const claims = simplejwt.verify(token, 'refresh')
      const refusal = await db.write(function* () {
        const user = yield* legacyTokens.holdOwner(claims)
        if (!user) return 'inactive'
        const fresh = yield* spend(claims, user, noSession(claims), 'logout')
        const session = fresh ? undefined : yield* replay(claims, ip)
        if (session === 'ended') return session
        if (session) yield* sessions.end(session.id, 'logout')
        yield* audit.record({ event: 'authn_token_revoked', userId: user.id, sessionId: session?.id, ip })
        return undefined
      })
      if (refusal) throw refused(refusal)
    },

    /**
     * What a refresh token says that would be accepted now; changes nothing. One of Django is described as ours are: by
     * our name of its user, and by no session. Throws `token_not_valid`.
     */
    async check(token: string): Promise<GenuineRefresh> {
      if (!isIssuer(token)) return refresh.check(token)
      const claims = simplejwt.verify(token, 'refresh')
      const user = await db.read(standing(claims))
      if (typeof user === 'string') throw refused(user)
      const { jti, exp, iat = seconds(now()) } = claims
      return { iss: config.publicUrl, sub: user.id, sid: noSession(claims), jti, iat, exp }
    },

    /** Takes a refresh token of Django out of service for a client, and what it began. Throws `token_not_valid`. */
    async revoke(token: string, client: Client, ip: string): Promise<void> {
      const claims = simplejwt.verify(token, 'refresh')
      await db.write(function* () {
        const user = yield* legacyTokens.holdOwner(claims)
        const fresh = yield* legacyTokens.spend(claims, noSession(claims), 'revoked')
        const session = fresh ? undefined : yield* begunBy(yield* legacyTokens.spent(claims))
        if (session) yield* sessions.end(session.id, 'revoked')
        if (!fresh && !session) return
        const detail = { client: client.id, jti: claims.jti }
        yield* audit.record({ event: 'authn_token_revoked', userId: user?.id, sessionId: session?.id, ip, detail })
      })
    }
  }
}

const refused = (refusal: Refusal) => new PosternError('token_not_valid', { refusal })
