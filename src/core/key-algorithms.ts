import { createHash, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'

/** What an access token can be signed with (RFC 7518 section 3.1, RFC 8037). EdDSA is Ed25519, RS256 has 3072 bits. */
export type KeyAlgorithm = Config['authKeyAlgorithm']

/** A public key as it is published (RFC 7517); `kty` decides which of its own members it has. */
export interface PublicJwk {
  kty: string
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
  kid: string
  alg: KeyAlgorithm
  use: 'sig'
}

/** A new key pair. `publicKey` is the JSON of its public members, `privateKey` is PEM (PKCS #8). */
export interface DrawnKey {
  kid: string
  algorithm: KeyAlgorithm
  publicKey: string
  privateKey: string
}

interface Pair {
  publicKey: KeyObject
  privateKey: KeyObject
}

const generate = promisify(generateKeyPair)

const generators: Record<KeyAlgorithm, () => Promise<Pair>> = {
  ES256: () => generate('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generate('ed25519'),
  RS256: () => generate('rsa', { modulusLength: 3072 })
}

// What a thumbprint is made of, in its order (RFC 7638 section 3.2, RFC 8037 section 2).
const members: Record<KeyAlgorithm, string[]> = {
  ES256: ['crv', 'kty', 'x', 'y'],
  EdDSA: ['crv', 'kty', 'x'],
  RS256: ['e', 'kty', 'n']
}

/** Draws a key pair off the event loop; its `kid` is its RFC 7638 thumbprint (SHA-256). */
export async function drawKey(algorithm: KeyAlgorithm): Promise<DrawnKey> {
  const pair = await generators[algorithm]()
  // With a list, JSON.stringify gives just these members, in just this order.
  const publicKey = JSON.stringify(pair.publicKey.export({ format: 'jwk' }), members[algorithm])
  return {
    kid: createHash('sha256').update(publicKey).digest('base64url'),
    algorithm,
    publicKey,
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  }
}
