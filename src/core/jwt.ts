import type { KeyAlgorithm } from './key-algorithms.ts'

/** What a JWT is signed and checked with. `iss` and every claim of `required` must be present and right. */
export interface JwtKey {
  algorithm: KeyAlgorithm | 'HS256'
  kid?: string
  typ: 'at+jwt' | 'rt+jwt' | 'statuslist+jwt'
  /** Bytes for HS256, PEM for the others. */
  signWith: string | Buffer
  verifyWith: string | Buffer
  issuer: string
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
