import type { IncomingHttpHeaders } from 'node:http'

interface Asking {
  method: string
  headers: IncomingHttpHeaders
}

/**
 * The request that a proxy asks about. Its method is the one that the proxy names, else that with which it asks, and none
 * where an Origin shows that it may well be another: nginx asks with GET, and browsers name their origin with all but GET.
 */
export function original({ method, headers }: Asking): { method: string | undefined; headers: IncomingHttpHeaders } {
  const { 'x-forwarded-method': forwarded, 'x-original-method': named, origin } = headers
  return { method: origin === undefined ? `${forwarded ?? named ?? method}` : undefined, headers }
}
