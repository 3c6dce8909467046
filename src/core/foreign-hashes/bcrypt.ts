import { createHash } from 'node:crypto'
import { verify } from '@node-rs/bcrypt'
import { damaged, type ReadForeignHash, tooCostly } from './foreign-hash.ts'

const LEAST_COST = 4
const MOST_COST = 16
// Its base64 has an alphabet of its own, and the last characters of salt and digest hold fewer than 6 bits.
const HASH =
  /^(?:(bcrypt|bcrypt_sha256)\$)?(\$2[aby]\$(\d\d)\$[./A-Za-z\d]{21}[.Oeu][./A-Za-z\d]{30}[.CGKOSWaeimquy26])$/

/**
 * bcrypt, and the same behind Django's names: `bcrypt`, and `bcrypt_sha256`, which hashes the hexadecimal SHA-256 of the
 * password. Plain bcrypt looks at the first 72 bytes only, here as there.
 */
export const readBcrypt: ReadForeignHash = encoded => {
  if (!/^(bcrypt(_sha256)?\$)?\$2|^bcrypt(_sha256)?\$/.test(encoded)) return undefined
  const [, name, hash = '', digits] = HASH.exec(encoded) ?? []
  if (!digits) throw damaged('bcrypt is written as $2b$COST$ and 53 characters')
  const cost = Number(digits)
  if (cost > MOST_COST) throw tooCostly(`bcrypt with cost ${cost}`, `${MOST_COST}`)
  if (cost < LEAST_COST) throw damaged(`there is no bcrypt with cost ${cost}`)
  if (name === 'bcrypt_sha256') {
    const sha256 = (password: string) => createHash('sha256').update(password).digest('hex')
    return { cost: `bcrypt ${cost}`, matches: password => verify(sha256(password), hash) }
  }
  return {
    cost: `bcrypt ${cost}`,
    // bcrypt repeats the password with a zero byte between: "a\0a" has the hash of "a". Computed all the same, for its time.
    matches: async password => (await verify(password, hash)) && !password.includes('\0')
  }
}
