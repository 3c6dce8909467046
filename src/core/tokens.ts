import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import { PosternError, rejecting } from '../errors.ts'
import { type AccessClaims, isOfOneKind, type MachineClaims, type TokenClaims } from './claims.ts'
import { type Clock, seconds } from './clock.ts'
import type { CustomClaims } from './custom-claims.ts'
import { newJti } from './jti.ts'
import type { CreateJwt } from './jwt.ts'
import type { LegacyAccess } from './legacy-access.ts'
import type { Revocations } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import type { Session } from './sessions.ts'
import type { SigningKeys } from './signing-keys.ts'
import { statusClaim } from './status-claim.ts'
import type { User } from './users.ts'

/** What a refresh token says: its session, and its generation in it. */
export interface RefreshClaims {
  sid: string
  jti: string
}

/** All that it says. Times are seconds since 1970. */
export interface GenuineRefresh extends RefreshClaims {
  iss: string
  sub: string
  iat: number
  exp: number
}

/** The answer to a login or a refresh. `expires_in` is seconds. */
export interface TokenPair {
  access: string
  refresh: string
  token_type: 'Bearer'
  expires_in: number
}

/** What a client was granted, and when (milliseconds since 1970). */
export interface Grant {
  clientId: string
  issuedAt: number
  statusIndex: number
  scope: string | undefined
}

interface Parts {
  config: Config
  createJwt: CreateJwt
  secrets: Secrets
  signingKeys: SigningKeys
  revocations: Revocations
  customClaims: CustomClaims
  /** Accepts access tokens that another system issued. */
  legacyAccess: LegacyAccess
  now: Clock
}

export type Tokens = Awaited<ReturnType<typeof createTokens>>

const VERIFIED_TOKENS = 5_000

/** A token whose signature is good; it was not revoked when it was looked up, in that epoch of the revocations. */
interface Verified {
  readonly claims: TokenClaims
  lookedUpIn: number
}

/** Issues and checks both kinds of token; neither is ever taken for the other. */
export async function createTokens(parts: Parts) {
  const { config, createJwt, secrets, signingKeys, revocations, customClaims, legacyAccess, now } = parts
  const refreshJwt = await createJwt({
    algorithm: 'HS256',
    typ: 'rt+jwt',
    signWith: secrets.refreshKey,
    verifyWith: secrets.refreshKey,
    issuer: config.publicUrl,
    required: ['iss', 'sub', 'sid', 'jti', 'iat', 'exp', 'token_type']
  })
  // Saves the signature check of a token seen before, and the look-up while nothing at all was revoked since its last.
  const verified = new LRUCache<string, Verified>({ max: VERIFIED_TOKENS })
  signingKeys.onChange(() => verified.clear())

  function issueAccess(user: User, session: Session): { access: string; expires_in: number } {
    const iat = seconds(now())
    const exp = Math.min(iat + seconds(config.authAccessTtl), seconds(session.idleExpiresAt))
    const claims: AccessClaims = {
      iss: config.publicUrl,
      sub: user.id,
      aud: config.authAudience,
      iat,
      exp,
      jti: newJti(),
      client_id: config.publicUrl,
      sid: session.id,
      token_type: 'access',
      username: user.username,
      roles: user.roles,
      email: user.email,
      email_verified: user.emailVerified,
      auth_time: seconds(session.authTime),
      amr: session.amr,
      ...(user.legacyId !== null && { user_id: user.legacyId }),
      ...(session.statusIndex !== null && { status: statusClaim(config.publicUrl, session.statusIndex) })
    }
    // None of them has the name of one above.
    Object.assign(claims, customClaims.of(user))
    return { access: signingKeys.current().sign(claims), expires_in: exp - iat }
  }

  /** Made of the session row alone: the same generation always gives the same bytes. */
  const issueRefresh = (session: Session): string =>
    refreshJwt.sign({
      iss: config.publicUrl,
      sub: session.userId,
      sid: session.id,
      jti: session.jti,
      iat: seconds(session.rotatedAt),
      exp: seconds(session.idleExpiresAt),
      token_type: 'refresh'
    })

  const expired = (claims: { exp?: unknown }) => typeof claims.exp !== 'number' || now() >= claims.exp * 1000

  async function verifySignature(token: string): Promise<Verified> {
    const kid = rejecting(() => keyId(token))
    const key = signingKeys.find(kid) ?? (await signingKeys.discover(kid))
    if (!key) throw new PosternError('token_not_valid')
    const claims = rejecting(() => key.verify(token) as unknown as TokenClaims)
    if (claims.token_type !== 'access' || !isOfOneKind(claims)) throw new PosternError('token_not_valid')
    const entry = { claims: Object.freeze(claims), lookedUpIn: -1 }
    if (!expired(claims)) verified.set(token, entry)
    return entry
  }

  return {
    /** Makes sure that tokens can be issued to a user. In a transaction, so that a claims hook that throws undoes it. */
    prepare: (user: User): void => void customClaims.of(user),
    /** Whether `prepare` may throw. */
    mayFail: customClaims.mayFail,

    /** A new access token with the refresh token of the session's present generation. */
    pair(user: User, session: Session): TokenPair {
      const { access, expires_in } = issueAccess(user, session)
      return { access, refresh: issueRefresh(session), token_type: 'Bearer', expires_in }
    },

    /** A new access token of a registered client (RFC 9068): no session stands behind it, and no user. */
    issueToClient({ clientId, issuedAt, statusIndex, scope }: Grant): { access: string; expires_in: number } {
      const iat = seconds(issuedAt)
      const expires_in = seconds(config.authAccessTtl)
      const claims: MachineClaims = {
        iss: config.publicUrl,
        sub: clientId,
        aud: config.authAudience,
        iat,
        exp: iat + expires_in,
        jti: newJti(),
        client_id: clientId,
        ...(scope !== undefined && { scope }),
        token_type: 'access',
        status: statusClaim(config.publicUrl, statusIndex)
      }
      return { access: signingKeys.current().sign(claims), expires_in }
    },

    /** The claims of an access token that is genuine, current and not revoked. Throws `token_not_valid`. */
    async authenticate(token: string): Promise<TokenClaims> {
      const known = verified.get(token)
      if (!known && legacyAccess.isIssuer(token)) return legacyAccess.authenticate(token)
      const entry = known ?? (await verifySignature(token))
      const { claims } = entry
      if (expired(claims)) throw new PosternError('token_not_valid', { refusal: 'expired' })
      // Taken before the look-up: what is revoked meanwhile asks for another one.
      const epoch = revocations.epoch()
      if (entry.lookedUpIn === epoch) return claims
      if (await revocations.isRevoked(claims.jti, claims.sid ?? claims.client_id, claims.iat))
        throw new PosternError('token_not_valid', { refusal: 'ended' })
      entry.lookedUpIn = epoch
      return claims
    },

    /** The claims of a genuine, unexpired refresh token, without a look at the store. Throws `token_not_valid`. */
    verifyRefresh(token: string): GenuineRefresh {
      const claims = rejecting(() => refreshJwt.verify(token)) as unknown as GenuineRefresh & { token_type: string }
      if (claims.token_type !== 'refresh') throw new PosternError('token_not_valid')
      if (expired(claims)) throw new PosternError('token_not_valid', { refusal: 'expired' })
      return claims
    }
  }
}

function keyId(token: string): unknown {
  const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
  return header && typeof header === 'object' && 'kid' in header ? header.kid : undefined
}
