import { LRUCache } from 'lru-cache'

/**
 * Three parts in base64url, spelt in the only way: the bits that the last letter of a part has too many are zero. Other
 * spellings of the same bytes would be other tokens to a cache and to a log.
 */
const PART = String.raw`(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[048AEIMQUYcgkosw])?`
const TOKEN = new RegExp(`^(${PART})\\.${PART}\\.${PART}$`)

// All tokens of a key have the same header.
const known = new LRUCache<string, string>({ max: 64 })

/** The `kid` of a token's header, not yet to be believed. Throws when the token is not of three parts in base64url. */
export function keyId(token: string): string {
  const header = TOKEN.exec(token)?.[1]
  if (!header) throw new Error('not a signed JWT')
  const kid = known.get(header) ?? readKeyId(header)
  known.set(header, kid)
  return kid
}

function readKeyId(header: string): string {
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
  if (typeof kid !== 'string') throw new Error('no kid')
  return kid
}
