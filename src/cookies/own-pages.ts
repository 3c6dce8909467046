import type { IncomingHttpHeaders } from 'node:http'
import { PosternError } from '../errors.ts'

interface Settings {
  publicUrl: string
  authCorsOrigins: readonly string[]
}

/** As much of a request as tells where it comes from. */
export interface Sent {
  headers: IncomingHttpHeaders
  /** One that is not known counts as one that changes something. */
  method?: string | undefined
}

const SAFE = new Set<string | undefined>(['GET', 'HEAD', 'OPTIONS'])

/** Whether a request only asks (RFC 9110 section 9.2.1). */
export const isSafe = ({ method }: Sent): boolean => SAFE.has(method)

/**
 * Makes the check against requests that foreign pages forge: a browser sends our cookies with them, but says where they
 * come from (Fetch Metadata, and Origin of RFC 6454). Throws `csrf_failed`, also where neither header says anything.
 */
export function createOwnPagesOnly({ publicUrl, authCorsOrigins }: Settings): (request: Sent) => void {
  const trusted = new Set([new URL(publicUrl).origin, ...authCorsOrigins])
  return ({ headers: { origin, 'sec-fetch-site': site } }) => {
    if (site === 'same-origin' || site === 'none') return
    if (origin === undefined || !trusted.has(origin)) throw new PosternError('csrf_failed')
  }
}
