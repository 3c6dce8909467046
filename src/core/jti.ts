import { randomFillSync } from 'node:crypto'

const BYTES = 16
// One draw of many bytes costs about as much as one of few, and a refresh needs two identifiers.
const pool = Buffer.alloc(256 * BYTES)
let used = pool.length

/** A new token identifier: 128 random bits, not to be guessed and never drawn twice (RFC 7519, section 4.1.7). */
export function newJti(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const jti = pool.toString('base64url', used, used + BYTES)
  used += BYTES
  return jti
}
