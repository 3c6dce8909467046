import { createPublicKey, type JsonWebKeyInput } from 'node:crypto'
import { type Algorithm, createVerifier } from 'fast-jwt'
import { keepCopy } from './copy.ts'
import { download } from './download.ts'
import type { Settings } from './options.ts'

/** Checks a token with one key: signature, algorithm, type and names, but no time. Throws when anything is wrong. */
type Check = (token: string) => Record<string, unknown>

type Jwk = JsonWebKeyInput['key']

/** The two kinds of tokens that Postern signs for others. */
interface Key {
  accessToken: Check
  statusList: Check
}

const ALGORITHMS = ['ES256', 'EdDSA', 'RS256']
/** For how long a copy of the key set is good when Postern does not say. */
const DEFAULT_AGE = 300_000
/** Least time between two requests that unknown keys cause: anybody can make up a `kid`. */
const PAUSE_FOR_UNKNOWN = 5_000

export type KeySet = ReturnType<typeof createKeySet>

/** The public keys of Postern (RFC 7517), kept as long as it says, and asked for again when a token names another one. */
export function createKeySet({ issuer, audience, baseUrl, timeout, whenStale, maxStaleness, now }: Settings) {
  const copy = keepCopy({
    now,
    tolerates: staleness => whenStale === 'accept' || staleness <= maxStaleness,
    async load() {
      const url = `${baseUrl}/.well-known/jwks.json`
      const { text, maxAge } = await download(url, 'application/jwk-set+json, application/json', timeout)
      const { keys } = JSON.parse(text) as { keys: Array<Jwk & { kid: string; alg: string }> }
      const usable = keys.filter(({ alg, kid }) => ALGORITHMS.includes(alg) && typeof kid === 'string')
      const value = new Map(usable.map(jwk => [jwk.kid, open(jwk)]))
      return { value, goodFor: maxAge === undefined ? DEFAULT_AGE : maxAge * 1000 }
    }
  })

  function open(jwk: Jwk & { alg: string }): Key {
    const common = {
      key: createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
      // One key, one algorithm: a token cannot choose (RFC 8725 section 3.1).
      algorithms: [jwk.alg as Algorithm],
      ignoreExpiration: true,
      cache: false as const
    }
    const requiredClaims = ['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'token_type']
    return {
      accessToken: createVerifier({
        ...common,
        checkTyp: 'at+jwt',
        allowedIss: issuer,
        allowedAud: audience,
        requiredClaims
      }),
      statusList: createVerifier({
        ...common,
        checkTyp: 'statuslist+jwt',
        requiredClaims: ['sub', 'iat', 'status_list']
      })
    }
  }

  return {
    /** The key of a `kid`; undefined when Postern does not publish it. Rejects when Postern cannot be asked. */
    async find(kid: string): Promise<Key | undefined> {
      const known = (await copy.get()).get(kid)
      if (known) return known
      await copy.refresh(PAUSE_FOR_UNKNOWN)
      return (await copy.get()).get(kid)
    },
    /** Whether the key of a token that was checked before is still published, as far as it is known here. */
    isKnown: (kid: string): boolean | undefined => copy.ready()?.has(kid)
  }
}
