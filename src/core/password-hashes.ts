import { randomBytes } from 'node:crypto'
import { type Algorithm, hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { createHashGate } from './hash-gate.ts'

export type PasswordHashes = ReturnType<typeof createPasswordHashes>

/** The cost of a password: argon2id with m=19456 KiB, t=2, p=1 (OWASP Password Storage Cheat Sheet). */
const COST = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
const POLICY = '$argon2id$v=19$m=19456,t=2,p=1$'

/** Hashing behind a gate, off the event loop: a flood of logins slows logins down and nothing else. */
export function createPasswordHashes() {
  const gate = createHashGate()
  // The hash of no password: it costs as much to verify as a real one, and its making cannot fail.
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  const decoy = `${POLICY}${random(16)}$${random(32)}`

  return {
    /** The PHC string of a password. Throws `overloaded`. */
    async hash(password: string): Promise<string> {
      const phc = await gate.run(() => argon2Hash(password.normalize('NFC'), COST))
      if (phc.startsWith(POLICY)) return phc
      throw new Error('The hash does not have the parameters asked for')
    },
    /**
     * Whether the password belongs to the hash. Without a hash it costs the same and is false: the time of an answer
     * does not tell whether an account exists. Throws `overloaded`.
     */
    async verify(phc: string | null | undefined, password: string): Promise<boolean> {
      const matches = await gate.run(() => argon2Verify(phc ?? decoy, password.normalize('NFC')))
      return matches && typeof phc === 'string'
    },
    /** Whether a hash was made with less than today's cost. */
    isOutdated: (phc: string): boolean => !phc.startsWith(POLICY),
    /** Lets what runs and waits finish first. */
    close: gate.close
  }
}
