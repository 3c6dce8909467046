import { readArgon2 } from './foreign-hashes/argon2.ts'
import { readBcrypt } from './foreign-hashes/bcrypt.ts'
import { type ForeignHash, ForeignHashError } from './foreign-hashes/foreign-hash.ts'
import { readPbkdf2 } from './foreign-hashes/pbkdf2.ts'
import { readScrypt } from './foreign-hashes/scrypt.ts'

const FAMILIES = [readPbkdf2, readScrypt, readArgon2, readBcrypt]

function read(encoded: string): ForeignHash {
  for (const readOne of FAMILIES) {
    const hash = readOne(encoded)
    if (hash) return hash
  }
  const name = nameOf(encoded)
  throw new ForeignHashError(name ? `${name} hashes are not taken over` : 'this is no hash of a known format')
}

function attempt(encoded: string): ForeignHash | ForeignHashError {
  try {
    return read(encoded)
  } catch (error) {
    if (error instanceof ForeignHashError) return error
    throw error
  }
}

/** A hash as Django writes it, or a plain one of argon2 or bcrypt; undefined when a login cannot verify it. */
export function verifiableHash(encoded: string): ForeignHash | undefined {
  const hash = attempt(encoded)
  return hash instanceof ForeignHashError ? undefined : hash
}

/** Why a hash cannot be taken over, as one sentence; undefined when a login can verify it at bounded cost. */
export function foreignHashProblem(encoded: string): string | undefined {
  const hash = attempt(encoded)
  return hash instanceof ForeignHashError ? hash.message : undefined
}

/** What a format is called by those who know it. Of known families only: anything else may be a password in the clear. */
function nameOf(encoded: string): string | undefined {
  if (/^[\da-f]{32}$|^md5\$\$/.test(encoded)) return 'unsalted_md5'
  if (encoded.startsWith('sha1$$')) return 'unsalted_sha1'
  return /^\$?(?:(?:md5|sha\d|crypt|pbkdf2|scrypt|argon2|bcrypt)[\w-]{0,24}|(?<=\$)(?:[156y]|apr1|P|S))(?=\$)/.exec(
    encoded
  )?.[0]
}
