import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** What of a row a seal covers: all that stays when the row is made anonymous. `at` is milliseconds since 1970. */
export interface SealedContent {
  id: string
  at: number
  event: string
  userId: string | null
  sessionId: string | null
  digest: string | null
}

/**
 * A checkpoint of the trail. `at` is milliseconds since 1970, the signature is base64url; hash and key are hexadecimal,
 * for no option of a command line can begin with a dash.
 */
export interface Seal {
  /** The hash of the seal before it: none can have two successors, and none can be left out. */
  id: string
  /** The last row that it covers; the first is the one after the last of the seal before. */
  throughId: string
  rows: number
  hash: string
  signature: string
  /** The public key itself. */
  kid: string
  at: number
}

export type SealKeys = ReturnType<typeof sealKeys>

/** What the first seal has for the hash of the one before it. */
export const FIRST = 'first'

/** Before a seed of 32 bytes this makes a private key of Ed25519 (RFC 8410 section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key pair of seals: any holder of the public half checks them, without a secret. */
export function sealKeys(seed: Buffer) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const kid = Buffer.from(x, 'base64url').toString('hex')
  return {
    kid,
    sign: (seal: Omit<Seal, 'signature' | 'kid'>): Seal => ({
      ...seal,
      kid,
      signature: sign(null, signedBytes({ ...seal, kid }), privateKey).toString('base64url')
    })
  }
}

/** The public key that a text is; undefined when it is none. */
export function sealKey(kid: string): KeyObject | undefined {
  try {
    return createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(kid, 'hex').toString('base64url') },
      format: 'jwk'
    })
  } catch {
    return undefined
  }
}

/** Whether a seal is as it was signed. */
export const isSigned = (seal: Seal, key: KeyObject): boolean =>
  verify(null, signedBytes(seal), key, Buffer.from(seal.signature, 'base64url'))

const signedBytes = ({ id, throughId, rows, hash, kid, at }: Omit<Seal, 'signature'>): Buffer =>
  Buffer.from(JSON.stringify(['postern audit seal', id, throughId, rows, hash, kid, at]))

/** Hashes rows behind the hash of the seal before them, one after the other. */
export function createChain(previous: string) {
  const hash = createHash('sha256').update(previous)
  return {
    add({ id, at, event, userId, sessionId, digest }: SealedContent): void {
      hash.update(`\n${JSON.stringify([id, at, event, userId, sessionId, digest])}`)
    },
    end: (): string => hash.digest('hex')
  }
}
