import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Config } from '../config.ts'
import { PosternError, rejecting, StartError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { CreateJwt } from './jwt.ts'

/** What a token of Django says. `userId` is what it calls its user; times are seconds since 1970. */
export interface DjangoClaims {
  userId: string
  jti: string
  exp: number
  /** When Django issued it; absent when it does not say, or names a time to come. */
  iat: number | undefined
}

interface Parts {
  config: Config
  createJwt: CreateJwt
  now: Clock
}

export type Simplejwt = Awaited<ReturnType<typeof createSimplejwt>>

/** The last second that a Date can hold. */
const END_OF_TIME = 8.64e12

/** Checks the tokens of SimpleJWT (Django), from the settings' key until the settings' day. Throws StartError. */
export async function createSimplejwt({ config, createJwt, now }: Parts) {
  const { authSimplejwtAlgorithm: algorithm, authSimplejwtUserIdClaim: userIdClaim } = config
  const key = verifyingKey(config)
  const required = ['token_type', 'jti', 'exp', userIdClaim]
  const jwt = key === undefined ? undefined : await createJwt({ algorithm, typ: 'jwt', verifyWith: key, required })
  const isOver = () => now() >= config.authSimplejwtUntil

  return {
    /** Whether a token looks like one of Django's while they count; says nothing about whether it is good. */
    isIssuer: (token: string): boolean => jwt !== undefined && !isOver() && hasHeaderOfPyJwt(token),

    /** The claims of a genuine, unexpired token of that type, without a look at the store. Throws `token_not_valid`. */
    verify(token: string, type: 'access' | 'refresh'): DjangoClaims {
      if (!jwt || isOver()) throw new PosternError('token_not_valid')
      const { token_type, jti, exp, iat, [userIdClaim]: id } = rejecting(() => jwt.verify(token))
      const userId = identifier(id)
      if (token_type !== type || !isText(jti) || userId === undefined) throw new PosternError('token_not_valid')
      if (typeof exp !== 'number' || exp > END_OF_TIME) throw new PosternError('token_not_valid')
      if (now() >= exp * 1000) throw new PosternError('token_not_valid', { refusal: 'expired' })
      const isPast = typeof iat === 'number' && iat > 0 && iat * 1000 <= now()
      return { userId, jti, exp, iat: isPast ? Math.floor(iat) : undefined }
    }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** A number too large to be exact in JSON would be the number of somebody else. */
const identifier = (id: unknown): string | undefined =>
  isText(id) ? id : Number.isSafeInteger(id) ? String(id) : undefined

/** Ours have a `typ` of their own, and those that others check have a `kid`. */
function hasHeaderOfPyJwt(token: string): boolean {
  try {
    const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
    return header.typ === 'JWT' && header.kid === undefined
  } catch {
    return false
  }
}

const CURVES: Record<string, string> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' }

/**
 * The key that AUTH_SIMPLEJWT_KEY is: the text itself for an HMAC, else the public key as PEM; undefined without one.
 * Throws StartError when it cannot be used with the algorithm; the message does not show the key.
 */
export function verifyingKey({ authSimplejwtKey: key, authSimplejwtAlgorithm: algorithm }: Config): string | undefined {
  if (key === undefined) return undefined
  if (algorithm.startsWith('HS')) {
    // Anybody may know a public key: taken for a secret, it would let anybody sign (RFC 8725 section 2.1).
    if (!asPublicKey(key)) return key
    throw unusable(
      algorithm,
      'it is a key as PEM; give the text of SIGNING_KEY, or set the algorithm that the key is for'
    )
  }
  const found = asPublicKey(key)
  const curve = CURVES[algorithm]
  const fits = curve ? found?.asymmetricKeyDetails?.namedCurve === curve : found?.asymmetricKeyType === 'rsa'
  if (!found || !fits) throw unusable(algorithm, `give the VERIFYING_KEY: a public ${curve ?? 'RSA'} key as PEM`)
  return found.export({ type: 'spki', format: 'pem' }) as string
}

const unusable = (algorithm: string, why: string) =>
  new StartError(`AUTH_SIMPLEJWT_KEY: its value cannot be used with AUTH_SIMPLEJWT_ALGORITHM ${algorithm}: ${why}.`)

/** The public key in a PEM; many ways to set an environment variable leave only an escaped line break in it. */
function asPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem.replaceAll('\\n', '\n'))
  } catch {
    return undefined
  }
}
