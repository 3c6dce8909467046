import { pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { damaged, digestOf, type ReadForeignHash, saltOf, tooCostly } from './foreign-hash.ts'

const derive = promisify(pbkdf2)
const BYTES = { sha256: 32, sha1: 20 }
const MOST_ITERATIONS = 10_000_000

/** Django's `pbkdf2_sha256` and `pbkdf2_sha1`: NAME$ITERATIONS$SALT$DIGEST (PBKDF2 of RFC 8018, section 5.2). */
export const readPbkdf2: ReadForeignHash = encoded => {
  const [, name, prf] = /^(pbkdf2_(sha256|sha1))\$/.exec(encoded) ?? []
  if (!name) return undefined
  const [, count, salt, digest] = /^[^$]+\$([1-9]\d*)\$([^$]+)\$([^$]+)$/.exec(encoded) ?? []
  if (!count || !salt || !digest) throw damaged(`${name} is written as ${name}$ITERATIONS$SALT$DIGEST`)
  const iterations = Number(count)
  if (iterations > MOST_ITERATIONS) throw tooCostly(`${name} with ${count} iterations`, `${MOST_ITERATIONS}`)
  const algorithm = prf as keyof typeof BYTES
  const expected = digestOf(digest, BYTES[algorithm])
  const saltBytes = saltOf(salt)
  return {
    cost: `${name} ${iterations}`,
    matches: async password =>
      timingSafeEqual(await derive(password, saltBytes, iterations, expected.length, algorithm), expected)
  }
}
