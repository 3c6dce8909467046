import type { Config } from '../config.ts'
import type { KeyAlgorithm } from './key-algorithms.ts'

/** What a JWT is signed and checked with. Every claim of `required` must be present, `iss` and `aud` right. */
export interface JwtKey {
  algorithm: KeyAlgorithm | Config['authSimplejwtAlgorithm']
  kid?: string
  typ: 'at+jwt' | 'rt+jwt' | 'statuslist+jwt' | 'jwt'
  /** Bytes for an HMAC, PEM for the others; absent when others sign. */
  signWith?: string | Buffer
  verifyWith: string | Buffer
  /** Absent when any will do. */
  issuer?: string
  audience?: string
  required: string[]
}

/** Signs and checks compact JWTs with one key. Times are the caller's: `verify` does not look at `exp`. */
export interface Jwt {
  sign(claims: object): string
  /** Throws when algorithm, type, signature, issuer or audience are not the key's, or a required claim is absent. */
  verify(token: string): Record<string, unknown>
}

/** Binds a key; the implementation is the service's JWT plugin. */
export type CreateJwt = (key: JwtKey) => Promise<Jwt>
