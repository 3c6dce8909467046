import type { AccessClaims } from '../core/claims.ts'
import type { Guard } from '../guard.ts'
import { refusalOf } from './refusal.ts'

/** What answers a request whose bearer is known. */
export type FetchHandler<Rest extends unknown[]> = (
  request: Request,
  claims: AccessClaims,
  ...rest: Rest
) => Response | Promise<Response>

/** A handler of Fetch's kind that answers refusals itself and hands everything else on, with the claims. */
export function fetchHandler<Rest extends unknown[]>(
  guard: Guard,
  check: Guard['requireUser'],
  handler: FetchHandler<Rest>
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const caller = { headers: { authorization: request.headers.get('authorization') ?? undefined } }
    const seen: Record<string, string> = {}
    try {
      await check(caller, { header: (name, value) => (seen[name] = value) })
    } catch (error) {
      const { status, headers, body } = refusalOf(error, seen)
      return new Response(body, { status, headers })
    }
    return handler(request, guard.claims(caller), ...rest)
  }
}
