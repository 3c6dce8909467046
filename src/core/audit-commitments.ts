import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a row of the trail says. `at` is milliseconds since 1970. */
export interface AuditContent {
  id: string
  at: number
  event: string
  userId: string | null
  sessionId: string | null
  ip: string | null
  detail: unknown
}

/** What stands beside it. Both are base64url. */
export interface Commitment {
  /** SHA-256 of the salt and the content: stays when a row is made anonymous. */
  digest: string
  /** A random number, and a MAC over it and the content: goes when a row is made anonymous, so that nobody can guess at it. */
  salt: string
}

const NONCE_BYTES = 16
const MAC_BYTES = 16

/** With the keys of objects in the same order, whichever a database gives them in. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]))
}

const bytesOf = ({ id, at, event, userId, sessionId, ip, detail }: AuditContent): string =>
  JSON.stringify([id, at, event, userId, sessionId, ip, ordered(detail)])

const macOf = (key: Buffer, nonce: Buffer, bytes: string): Buffer =>
  createHmac('sha256', key).update(nonce).update(bytes).digest().subarray(0, MAC_BYTES)

const digestOf = (salt: string, bytes: string): string => hash('sha256', `${salt}.${bytes}`, 'base64url')

/** Commits to a row; only who has the key can. */
export function commit(content: AuditContent, key: Buffer): Commitment {
  // As it will be read: without what JSON leaves out.
  const bytes = bytesOf({ ...content, detail: JSON.parse(JSON.stringify(content.detail)) })
  const nonce = randomBytes(NONCE_BYTES)
  const salt = Buffer.concat([nonce, macOf(key, nonce, bytes)]).toString('base64url')
  return { digest: digestOf(salt, bytes), salt }
}

/** Whether a row still says what it said when it was written; with the key, whether Postern wrote it, too. */
export function isCommitted(content: AuditContent, { digest, salt }: Commitment, key: Buffer | undefined): boolean {
  const bytes = bytesOf(content)
  if (digestOf(salt, bytes) !== digest) return false
  if (!key) return true
  const both = Buffer.from(salt, 'base64url')
  if (both.length !== NONCE_BYTES + MAC_BYTES) return false
  return timingSafeEqual(both.subarray(NONCE_BYTES), macOf(key, both.subarray(0, NONCE_BYTES), bytes))
}
