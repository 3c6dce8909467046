import { parse } from '@lukeed/ms'

/** So many requests in a time; a window begins with the first request. */
export interface Limit {
  name: LimitName
  max: number
  /** Milliseconds. */
  timeWindow: number
}

/** Every limit that AUTH_RATE_LIMITS can change, as it is without. `mailbox` and `code` count by mailbox, the others by client address. */
const DEFAULTS = {
  login: '30/1m',
  register: '10/1m',
  password: '10/1m',
  profile: '10/1m',
  export: '10/1m',
  mail: '10/1m',
  link: '10/1m',
  client: '30/1m',
  mailbox: '5/15m',
  code: '20/1d'
} as const

export type LimitName = keyof typeof DEFAULTS
export type Limits = Readonly<Record<LimitName, Limit>>

/** What one item of AUTH_RATE_LIMITS looks like, as a regular expression: `login=30/1m`. */
export const LIMIT_PATTERN = `^(${Object.keys(DEFAULTS).join('|')})=[1-9]\\d{0,6}/[1-9]\\d{0,3}[smhd]$`

const nameOf = (item: string): string => item.slice(0, item.indexOf('='))

/** Names that stand in AUTH_RATE_LIMITS more than once. */
export const repeatedLimits = (items: readonly string[]): string[] => {
  const names = items.map(nameOf)
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}

/** All limits, with those of AUTH_RATE_LIMITS (whose items fit LIMIT_PATTERN) in place of the defaults. */
export function limitsWith(items: readonly string[]): Limits {
  const given = Object.fromEntries(items.map(item => [nameOf(item), item.slice(item.indexOf('=') + 1)]))
  const all = Object.entries({ ...DEFAULTS, ...given }).map(([name, text]) => [name, { name, ...limitOf(text) }])
  return Object.fromEntries(all)
}

function limitOf(text: string): Omit<Limit, 'name'> {
  const [max, window = ''] = text.split('/')
  return { max: Number(max), timeWindow: parse(window) as number }
}
