import { randomBytes } from 'node:crypto'
import { type Algorithm, hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import type { DecoyHashes } from './decoy-hashes.ts'
import { verifiableHash } from './foreign-hashes.ts'
import { createHashGate, type HashGateSigns } from './hash-gate.ts'

export type PasswordHashes = ReturnType<typeof createPasswordHashes>

/** The cost of a password: argon2id with m=19456 KiB, t=2, p=1 (OWASP Password Storage Cheat Sheet). */
const COST = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
const POLICY = '$argon2id$v=19$m=19456,t=2,p=1$'

const isOutdated = (encoded: string): boolean => !encoded.startsWith(POLICY)

/** Hashing behind a gate, off the event loop: a flood of logins slows logins down and nothing else. */
export function createPasswordHashes(decoys: Pick<DecoyHashes, 'for'>, overload: HashGateSigns) {
  const gate = createHashGate(overload)
  // The hash of no password: it costs as much to verify as a real one, and its making cannot fail.
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  const ownDecoy = `${POLICY}${random(16)}$${random(32)}`

  async function make(password: string): Promise<string> {
    const phc = await argon2Hash(password.normalize('NFC'), COST)
    if (phc.startsWith(POLICY)) return phc
    throw new Error('The hash does not have the parameters asked for')
  }

  return {
    /** The PHC string of a password. Throws `overloaded`. */
    hash: (password: string): Promise<string> => gate.run(() => make(password)),
    /** The same for a password that was just verified: it does not wait a second time, and cannot be `overloaded`. */
    rehash: (password: string): Promise<string> => gate.runNext(() => make(password)),
    /**
     * Whether the password belongs to the hash, ours or that of another system. Without a hash it is false, and costs
     * what it does for others: the time of an answer does not tell whether an account exists. `name` is what the account
     * is asked for by, in canonical form, where that is not known before. Throws `overloaded`.
     */
    async verify(encoded: string | null | undefined, password: string, name?: string): Promise<boolean> {
      const decoy = (name === undefined ? undefined : decoys.for(name)) ?? ownDecoy
      const check = typeof encoded === 'string' ? checkOf(encoded) : undefined
      const matches = await gate.run(() => (check ?? (checkOf(decoy) as Check))(password))
      return matches && check !== undefined
    },
    /** Whether a hash is of another system, or was made with other parameters than today's. */
    isOutdated,
    /** Lets what runs and waits finish first. */
    close: gate.close
  }
}

type Check = (password: string) => Promise<boolean>

/** How a password is held against a hash; undefined when the hash cannot be read. */
function checkOf(encoded: string): Check | undefined {
  // Others hash what was typed, we its NFC form. Either will do: a hash does not tell who made it.
  if (!isOutdated(encoded))
    return password => anyOf([password.normalize('NFC'), password], form => argon2Verify(encoded, form))
  const hash = verifiableHash(encoded)
  return hash && (password => anyOf([password, password.normalize('NFC')], hash.matches))
}

async function anyOf(forms: string[], matches: Check): Promise<boolean> {
  for (const form of new Set(forms)) if (await matches(form)) return true
  return false
}
