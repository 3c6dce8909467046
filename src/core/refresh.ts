import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError, type Refusal } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Notices } from './notices.ts'
import type { Granted } from './rotation-batches.ts'
import type { SessionRotation } from './session-rotation.ts'
import type { Session, Sessions } from './sessions.ts'
import type { GenuineRefresh, RefreshClaims, TokenPair, Tokens } from './tokens.ts'
import type { Users } from './users.ts'

interface Parts {
  db: Database
  config: Config
  sessions: Sessions
  rotation: SessionRotation
  users: Users
  tokens: Tokens
  notices: Notices
  audit: Audit
  now: Clock
}

export type Refresh = ReturnType<typeof createRefresh>

/** What the holder of a refresh token may do with it. */
export function createRefresh({ db, config, sessions, rotation, users, tokens, notices, audit, now }: Parts) {
  const isAlive = (session: Session) => session.revokedAt === null && now() < session.idleExpiresAt.getTime()

  /** The previous token, shortly after its use: the client that sent it may never have seen the answer. */
  const inGrace = (session: Session, jti: string) =>
    jti === session.prevJti && now() - session.rotatedAt.getTime() < config.authRefreshGrace

  function* endForReuse(session: Session, ip: string): Work<void> {
    if (!(yield* sessions.end(session.id, 'reuse'))) return // somebody else noticed it at the same moment
    const user = yield* users.at(session.userId)
    if (user) yield* notices.sessionReuse(user, session, ip)
    yield* audit.record({ event: 'authn_token_reuse', userId: session.userId, sessionId: session.id, ip })
  }

  return {
    /**
     * Exchanges a refresh token for a new pair. Of any number of concurrent callers one advances the session and all
     * get the same successor; a token that was spent before that ends the session. Throws `token_not_valid`.
     */
    async rotate(token: string, ip: string): Promise<TokenPair> {
      const { sid, jti } = tokens.verifyRefresh(token)
      const granted = (await advance(sid, jti)) ?? (await db.write(() => replay({ sid, jti }, ip)))
      if (typeof granted === 'string') throw new PosternError('token_not_valid', { refusal: granted })
      const { user, session } = granted
      return tokens.pair(user, session.statusIndex === null ? await db.write(() => sessions.index(session)) : session)
    },

    /** Ends the session of a refresh token. Throws `token_not_valid`, also when the session had ended already. */
    async logout(token: string, ip: string): Promise<void> {
      const { sid, jti } = tokens.verifyRefresh(token)
      const done = await db.write(function* () {
        const session = yield* sessions.find(sid)
        if (!session || !isAlive(session)) return false
        if (jti !== session.jti && !inGrace(session, jti)) {
          yield* endForReuse(session, ip)
          return false
        }
        if (!(yield* sessions.end(sid, 'logout'))) return false
        yield* audit.record({ event: 'authn_token_revoked', userId: session.userId, sessionId: sid, ip })
        return true
      })
      if (!done) throw new PosternError('token_not_valid', { refusal: 'ended' })
    },

    /** What a refresh token says that would be accepted now; changes nothing. Throws `token_not_valid`. */
    async check(token: string): Promise<GenuineRefresh> {
      const claims = tokens.verifyRefresh(token)
      const { sid, jti } = claims
      const session = await db.read(sessions.find(sid))
      if (!session || !isAlive(session) || (jti !== session.jti && !inGrace(session, jti))) {
        throw new PosternError('token_not_valid', { refusal: 'ended' })
      }
      return claims
    },

    /** Whether a session goes on. */
    isAlive,
    /** Ends the session of a token that was used again, in the transaction at hand. */
    endForReuse
  }

  /** What most refreshes are; undefined where nothing was changed. */
  function advance(sid: string, jti: string): Promise<Granted | undefined> {
    // By itself only if something may go wrong afterwards, which undoes it.
    if (!tokens.mayFail) return rotation.advance(sid, jti)
    return db.write(function* () {
      const granted = yield* rotation.rotate(sid, jti)
      if (granted) tokens.prepare(granted.user)
      return granted
    })
  }

  function* replay({ sid, jti }: RefreshClaims, ip: string): Work<Granted | Refusal> {
    const session = yield* sessions.find(sid)
    // A session goes without a trace only together with its user.
    if (!session) return 'inactive'
    if (!isAlive(session)) return 'ended'
    if (inGrace(session, jti)) {
      const user = yield* users.at(session.userId)
      if (!user?.active) return 'inactive'
      tokens.prepare(user)
      return { session, user }
    }
    // The current token of a disabled user is not spent: the rotation refused the user, not the token.
    if (jti === session.jti) return 'inactive'
    yield* endForReuse(session, ip)
    return 'ended'
  }
}
