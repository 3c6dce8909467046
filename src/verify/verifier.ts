import { LRUCache } from 'lru-cache'
import { isOfOneKind, type TokenClaims } from '../core/claims.ts'
import { PosternError, rejecting } from '../errors.ts'
import { keyId } from './header.ts'
import { createKeySet } from './key-set.ts'
import type { Settings } from './options.ts'
import { createStatusLists, type StatusReference } from './status-lists.ts'

interface Genuine {
  claims: TokenClaims
  kid: string
  status: StatusReference | undefined
}

const LONGEST_TOKEN = 16 * 1024

/** The check itself: gives the claims of an access token. Throws `token_not_valid` and `unavailable`. */
export function createCheck(settings: Settings): (token: string) => Promise<TokenClaims> {
  const { statusLists, whenStale, cacheSize, now } = settings
  const keys = createKeySet(settings)
  const lists = createStatusLists(settings, keys)
  const seen = new LRUCache<string, Genuine>({ max: cacheSize })

  async function checkSignature(token: string): Promise<Genuine> {
    if (token.length > LONGEST_TOKEN) throw new PosternError('token_not_valid')
    const kid = rejecting(() => keyId(token))
    const key = await orUnavailable(keys.find(kid))
    if (!key) throw new PosternError('token_not_valid')
    const claims = Object.freeze(rejecting(() => key.accessToken(token))) as unknown as TokenClaims
    if (claims.token_type !== 'access' || !isOfOneKind(claims)) throw new PosternError('token_not_valid')
    const status = claims.status?.status_list
    if (status && !lists.isOurs(status)) throw new PosternError('token_not_valid')
    const genuine = { claims, kid, status }
    seen.set(token, genuine)
    return genuine
  }

  async function isRefused(status: StatusReference): Promise<boolean> {
    const known = lists.known(status)
    if (known !== undefined) return known
    try {
      return await lists.ask(status)
    } catch (cause) {
      if (whenStale === 'accept') return false
      throw unavailable(cause)
    }
  }

  return async token => {
    const before = seen.get(token)
    // A key that was withdrawn takes its tokens along.
    const genuine = before && keys.isKnown(before.kid) ? before : await checkSignature(token)
    const { claims, status } = genuine
    if (typeof claims.exp !== 'number' || now() >= claims.exp * 1000) throw new PosternError('token_not_valid')
    if (status && statusLists === 'check' && (await isRefused(status))) throw new PosternError('token_not_valid')
    return claims
  }
}

const unavailable = (cause: unknown) => new PosternError('unavailable', { retryAfter: 1, cause })

const orUnavailable = <Value>(asked: Promise<Value>): Promise<Value> =>
  asked.catch(cause => {
    throw unavailable(cause)
  })
