import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import { PosternError } from '../errors.ts'
import type { AccessClaims } from './claims.ts'
import { type Clock, seconds } from './clock.ts'
import { newJti } from './jti.ts'
import type { CreateJwt } from './jwt.ts'
import type { Revocations } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import type { Session } from './sessions.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { User } from './users.ts'

/** What a refresh token says: its session, and its generation in it. */
export interface RefreshClaims {
  sid: string
  jti: string
}

/** The answer to a login or a refresh. `expires_in` is seconds. */
export interface TokenPair {
  access: string
  refresh: string
  token_type: 'Bearer'
  expires_in: number
}

interface Parts {
  config: Config
  createJwt: CreateJwt
  secrets: Secrets
  signingKeys: SigningKeys
  revocations: Revocations
  now: Clock
}

export type Tokens = Awaited<ReturnType<typeof createTokens>>

const VERIFIED_TOKENS = 5_000

/** A token whose signature is good; it was not revoked when it was looked up, in that epoch of the revocations. */
interface Verified {
  readonly claims: AccessClaims
  lookedUpIn: number
}

/** Issues and checks both kinds of token; neither is ever taken for the other. */
export async function createTokens({ config, createJwt, secrets, signingKeys, revocations, now }: Parts) {
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
    const exp = Math.min(iat + seconds(config.authAccessTtl), seconds(session.expiresAt))
    const claims: AccessClaims = {
      iss: config.publicUrl,
      sub: user.id,
      aud: config.authAudience,
      iat,
      exp,
      jti: newJti(),
      sid: session.id,
      token_type: 'access',
      username: user.username,
      roles: user.roles,
      email: user.email,
      email_verified: user.emailVerified,
      auth_time: seconds(session.authTime),
      amr: session.amr
    }
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

  function verifySignature(token: string): Verified {
    const known = verified.get(token)
    if (known) return known
    const claims = rejecting(() => {
      const key = signingKeys.find(keyId(token))
      if (!key) throw new Error('unknown key')
      return key.verify(token) as unknown as AccessClaims
    })
    if (claims.token_type !== 'access') throw new PosternError('token_not_valid')
    const entry = { claims: Object.freeze(claims), lookedUpIn: -1 }
    if (!expired(claims)) verified.set(token, entry)
    return entry
  }

  return {
    /** A new access token with the refresh token of the session's present generation. */
    pair(user: User, session: Session): TokenPair {
      const { access, expires_in } = issueAccess(user, session)
      return { access, refresh: issueRefresh(session), token_type: 'Bearer', expires_in }
    },

    /** The claims of an access token that is genuine, current and not revoked. Throws `token_not_valid`. */
    async authenticate(token: string): Promise<AccessClaims> {
      const entry = verifySignature(token)
      const { claims } = entry
      if (expired(claims)) throw new PosternError('token_not_valid')
      // Taken before the look-up: what is revoked meanwhile asks for another one.
      const epoch = revocations.epoch()
      if (entry.lookedUpIn === epoch) return claims
      if (await revocations.isRevoked(claims.jti, claims.sid)) throw new PosternError('token_not_valid')
      entry.lookedUpIn = epoch
      return claims
    },

    /** The claims of a genuine, unexpired refresh token, without a look at the store. Throws `token_not_valid`. */
    verifyRefresh(token: string): RefreshClaims {
      const claims = rejecting(() => refreshJwt.verify(token)) as unknown as RefreshClaims & {
        token_type: string
        exp: number
      }
      if (claims.token_type !== 'refresh' || expired(claims)) throw new PosternError('token_not_valid')
      return claims
    }
  }
}

/** Whatever is wrong with a token, its sender learns only that it is not valid. */
function rejecting<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (cause) {
    throw new PosternError('token_not_valid', { cause })
  }
}

function keyId(token: string): unknown {
  const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
  return header && typeof header === 'object' && 'kid' in header ? header.kid : undefined
}
