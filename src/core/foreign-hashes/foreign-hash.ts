/** A hash that another system made, read and found to be verifiable. */
export interface ForeignHash {
  /** Names what verifying it costs: hashes of one cost take equally long. */
  cost: string
  /** Whether these characters, exactly as they are, belong to the hash. Runs off the event loop. */
  matches(password: string): Promise<boolean>
}

/** Reads hashes of one family; undefined when the hash is of another one. Throws `ForeignHashError`. */
export type ReadForeignHash = (encoded: string) => ForeignHash | undefined

/** The hash cannot be taken over; the message tells a person why, without a part of the hash. */
export class ForeignHashError extends Error {
  override readonly name = 'ForeignHashError'
}

/** What is wrong when a hash has the right name and does not read as such. */
export const damaged = (what: string) => new ForeignHashError(`the hash is damaged: ${what}`)

/** What is wrong when verifying a hash would cost more than a login may. */
export const tooCostly = (what: string, most: string) =>
  new ForeignHashError(`${what} costs too much to verify; at most ${most}`)

/** Bytes of a salt: more says nothing, and each login would carry it along. */
export const SALT_BYTES = 128

/** The salt as those systems use it, which is its text. Throws `ForeignHashError` when it is too long. */
export function saltOf(text: string): Buffer {
  const salt = Buffer.from(text)
  if (salt.length > SALT_BYTES) throw damaged(`its salt has more than ${SALT_BYTES} bytes`)
  return salt
}

/** The bytes of a digest. Throws `ForeignHashError` unless it is base64 (RFC 4648, section 4) of so many. */
export function digestOf(text: string, bytes: number): Buffer {
  const digest = Buffer.from(text, 'base64')
  if (digest.length !== bytes || digest.toString('base64') !== text) throw damaged(`its digest is not ${bytes} bytes`)
  return digest
}
