import { StartError } from '../errors.ts'

/** How a verifier checks. Times are milliseconds. */
export interface VerifierOptions {
  /** PUBLIC_URL of Postern: the `iss` of its tokens, below which its keys and status lists are. */
  issuer: string
  /** The `aud` that tokens must name. Default: the issuer, as Postern's own default is. */
  audience?: string
  /** Where Postern is reached from here, when that is not the issuer: its name inside a cluster, say. */
  baseUrl?: string
  /**
   * `check` (the default) refuses tokens that their status list refuses; `ignore` believes a token until it expires and
   * never asks for a list.
   */
  statusLists?: 'check' | 'ignore'
  /**
   * What to do with a token when keys or its status list could not be refreshed for longer than `maxStaleness`:
   * `refuse` with `unavailable` (the default), or `accept` it as far as what is known of it goes. Without the key of its
   * signature no token is ever accepted.
   */
  whenStale?: 'refuse' | 'accept'
  /** For how long after their time keys and lists are still used while Postern cannot be reached. Default 60,000. */
  maxStaleness?: number
  /** How long one request to Postern may take. Default 2,000. */
  timeout?: number
  /** How many tokens are remembered as genuine, so that their signature is checked once. Default 10,000. */
  cacheSize?: number
  /** Milliseconds since 1970. For tests. */
  now?: () => number
}

/** Options with their defaults. */
export type Settings = Required<VerifierOptions>

/** Adds the defaults. Throws StartError when an option is not usable. */
export function resolveOptions(options: VerifierOptions): Settings {
  const issuer = withoutSlash(options.issuer ?? '')
  const baseUrl = withoutSlash(options.baseUrl ?? issuer)
  demand(isBase(issuer), 'issuer', 'must be the PUBLIC_URL of Postern', 'https://auth.example.com')
  demand(isBase(baseUrl), 'baseUrl', 'must be a URL', 'http://postern:8000')
  const settings: Settings = {
    audience: issuer,
    statusLists: 'check',
    whenStale: 'refuse',
    maxStaleness: 60_000,
    timeout: 2_000,
    cacheSize: 10_000,
    now: Date.now,
    ...withoutUndefined(options),
    issuer,
    baseUrl
  }
  demand(['check', 'ignore'].includes(settings.statusLists), 'statusLists', 'is unknown', 'check')
  demand(['refuse', 'accept'].includes(settings.whenStale), 'whenStale', 'is unknown', 'refuse')
  demand(settings.maxStaleness >= 0, 'maxStaleness', 'must be milliseconds', '60000')
  demand(settings.timeout > 0, 'timeout', 'must be milliseconds', '2000')
  demand(Number.isInteger(settings.cacheSize) && settings.cacheSize > 0, 'cacheSize', 'must be a whole number', '10000')
  return settings
}

function demand(fits: boolean, name: keyof VerifierOptions, problem: string, example: string): void {
  if (!fits) throw new StartError(`The option ${name} of the verifier ${problem}, such as ${example}.`)
}

const withoutSlash = (url: string): string => String(url).replace(/\/+$/, '')

const isBase = (url: string): boolean => /^https?:\/\/[^\s?#]+$/.test(url) && URL.canParse(url)

const withoutUndefined = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Value
