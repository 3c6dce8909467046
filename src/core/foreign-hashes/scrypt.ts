import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { damaged, digestOf, type ReadForeignHash, saltOf, tooCostly } from './foreign-hash.ts'

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)
const BYTES = 64
const MEBIBYTE = 2 ** 20
const MOST_MEMORY = 256 * MEBIBYTE
/** N * r * p, which is what the time is proportional to. */
const MOST_WORK = 2 ** 22

/** Django's `scrypt`: scrypt$N$SALT$r$p$DIGEST (RFC 7914). */
export const readScrypt: ReadForeignHash = encoded => {
  if (!encoded.startsWith('scrypt$')) return undefined
  const [, cost, salt, block, parallel, digest] =
    /^scrypt\$([1-9]\d*)\$([^$]+)\$([1-9]\d*)\$([1-9]\d*)\$([^$]+)$/.exec(encoded) ?? []
  if (!salt || !digest) throw damaged('scrypt is written as scrypt$N$SALT$r$p$DIGEST')
  const [N, r, p] = [Number(cost), Number(block), Number(parallel)]
  const memory = 128 * N * r
  const parameters = `scrypt with N=${cost}, r=${block}, p=${parallel}`
  if (memory > MOST_MEMORY) throw tooCostly(parameters, `${MOST_MEMORY / MEBIBYTE} MiB (128 * N * r)`)
  if (N * r * p > MOST_WORK) throw tooCostly(parameters, `N * r * p = ${MOST_WORK}`)
  // RFC 7914, section 2: a power of two, and less than 2^(128 * r / 8).
  if (N < 2 || !Number.isInteger(Math.log2(N)) || Math.log2(N) >= 16 * r) throw damaged(`there is no ${parameters}`)
  const expected = digestOf(digest, BYTES)
  const saltBytes = saltOf(salt)
  const options = { N, r, p, maxmem: 2 * MOST_MEMORY }
  return {
    cost: `scrypt ${N} ${r} ${p}`,
    matches: async password => timingSafeEqual(await derive(password, saltBytes, BYTES, options), expected)
  }
}
