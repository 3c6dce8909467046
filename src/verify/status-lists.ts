import { inflateSync } from 'node:zlib'
import type { StatusClaim } from '../core/claims.ts'
import { keepCopy } from './copy.ts'
import { download } from './download.ts'
import { keyId } from './header.ts'
import type { KeySet } from './key-set.ts'
import type { Settings } from './options.ts'

/** Where the status of a token stands. */
export type StatusReference = StatusClaim['status_list']

interface List {
  bits: number
  bytes: Buffer
  issuedAt: number
}

const LARGEST = 64 * 1024 * 1024
const DEFAULT_TTL = 10
const MOST_LISTS = 64

export type StatusLists = ReturnType<typeof createStatusLists>

/** The status lists of Postern (draft-ietf-oauth-status-list), kept as long as they say. */
export function createStatusLists({ issuer, baseUrl, timeout, whenStale, maxStaleness, now }: Settings, keys: KeySet) {
  const copies = new Map<string, ReturnType<typeof keepList>>()

  const keepList = (uri: string) => {
    let newest = Number.NEGATIVE_INFINITY
    return keepCopy<List>({
      now,
      tolerates: staleness => whenStale === 'accept' || staleness <= maxStaleness,
      async load() {
        const { text } = await download(baseUrl + uri.slice(issuer.length), 'application/statuslist+jwt', timeout)
        const key = await keys.find(keyId(text))
        if (!key) throw new Error(`${uri} is signed with a key that Postern does not publish`)
        const { sub, iat, exp, ttl = DEFAULT_TTL, status_list } = key.statusList(text) as unknown as Claims
        if (sub !== uri) throw new Error(`${uri} answered with the list ${sub}`)
        if (exp !== undefined && now() >= exp * 1000) throw new Error(`${uri} answered with a list that has expired`)
        // An old list, from a cache on the way, would bring back what was revoked since. Of several instances each has its own.
        if (iat < newest - ttl) throw new Error(`${uri} answered with a list older than the one before`)
        newest = Math.max(newest, iat)
        const bytes = inflateSync(Buffer.from(status_list.lst, 'base64url'), { maxOutputLength: LARGEST })
        return { value: { bits: status_list.bits, bytes, issuedAt: iat }, goodFor: ttl * 1000 }
      }
    })
  }

  function copyOf(uri: string) {
    const known = copies.get(uri)
    if (known) return known
    const copy = keepList(uri)
    copies.set(uri, copy)
    const [oldest] = copies.keys()
    if (copies.size > MOST_LISTS && oldest) copies.delete(oldest)
    return copy
  }

  return {
    /** Whether a reference is one of Postern's: nothing else is ever asked for. */
    isOurs: ({ uri, idx }: StatusReference): boolean =>
      typeof uri === 'string' && uri.startsWith(`${issuer}/status-lists/`) && Number.isSafeInteger(idx) && idx >= 0,
    /** Whether a token is refused by its list, from memory; undefined when the list must be asked for. */
    known({ uri, idx }: StatusReference): boolean | undefined {
      const list = copies.get(uri)?.ready()
      return list && isInvalid(list, idx)
    },
    /** Whether a token is refused by its list. Rejects when the list cannot be had. */
    ask: async ({ uri, idx }: StatusReference): Promise<boolean> => isInvalid(await copyOf(uri).get(), idx)
  }
}

interface Claims {
  sub: string
  iat: number
  exp?: number
  ttl?: number
  status_list: { bits: 1 | 2 | 4 | 8; lst: string }
}

/** Anything but 0 (VALID) refuses, as does an index that the list does not have. */
function isInvalid({ bits, bytes }: List, idx: number): boolean {
  const perByte = 8 / bits
  const byte = bytes[Math.floor(idx / perByte)]
  if (byte === undefined) return true
  return ((byte >> ((idx % perByte) * bits)) & ((1 << bits) - 1)) !== 0
}
