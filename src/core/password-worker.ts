import { setPriority } from 'node:os'
import type { Algorithm } from '@node-rs/argon2'

// Awaited, so that the pool loads this file with import(): its require() aborts Node.js when a thread is ended meanwhile.
const { hashSync, verifySync } = await import('@node-rs/argon2')

/** The cost of a password: argon2id with m=19456 KiB, t=2, p=1 (OWASP Password Storage Cheat Sheet). */
const COST = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

/** A password to hash, or to verify against a PHC string. */
export type PasswordJob = { password: string; verify?: string }

// On Linux this is the priority of this thread alone: requests that need no hash go first.
if (process.platform === 'linux') setPriority(10)

/** Hashes a password, or verifies it against a PHC string. */
export default ({ password, verify }: PasswordJob): string | boolean =>
  verify === undefined ? hashSync(password, COST) : verifySync(verify, password)
