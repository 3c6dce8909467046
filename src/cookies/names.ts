import { isLoopback } from '../loopback.ts'

/** What the cookies of a service are called, and whether they need https. */
export interface CookieNames {
  access: string
  refresh: string
  secure: boolean
}

/**
 * The names of the cookies of a service: `__Host-postern_access` and `__Host-postern_refresh`, with the path of PUBLIC_URL
 * behind them when it has one, so that two services on one host keep theirs apart. On http the prefix goes, which wants
 * https. Undefined when that http leaves the machine: whoever is on the way would read and set them.
 */
export function cookieNames(publicUrl: string): CookieNames | undefined {
  const { protocol, hostname, pathname } = new URL(publicUrl)
  const secure = protocol === 'https:'
  if (!secure && !isLoopback(hostname)) return undefined
  const prefix = secure ? '__Host-' : ''
  const path = pathname === '/' ? '' : pathname.replace(/[^\w-]/g, asName)
  return { access: `${prefix}postern_access${path}`, refresh: `${prefix}postern_refresh${path}`, secure }
}

/** No two paths give one name. */
const asName = (character: string) => (character === '/' ? '.' : `~${character.charCodeAt(0).toString(16)}`)
