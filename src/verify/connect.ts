import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessClaims } from '../core/claims.ts'
import type { Guard } from '../guard.ts'
import { refusalOf } from './refusal.ts'

/** A middleware for Express, Connect and whatever else takes `(request, response, next)`. */
export type ConnectMiddleware = (
  request: IncomingMessage & { auth?: AccessClaims },
  response: ServerResponse,
  next: (error?: unknown) => void
) => Promise<void>

/** A middleware that lets pass what a check lets pass. */
export function connectMiddleware(guard: Guard, check: Guard['requireUser']): ConnectMiddleware {
  return async (request, response, next) => {
    const headers: Record<string, string> = {}
    try {
      await check(request, { header: (name, value) => (headers[name] = value) })
      request.auth = guard.claims(request)
    } catch (error) {
      return answer(error, headers, response, next)
    }
    next()
  }
}

function answer(
  error: unknown,
  seen: Record<string, string>,
  response: ServerResponse,
  next: (error: unknown) => void
): void {
  try {
    const { status, headers, body } = refusalOf(error, seen)
    response.writeHead(status, headers).end(body)
  } catch (fault) {
    next(fault)
  }
}
