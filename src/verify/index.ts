import type { AccessClaims } from '../core/claims.ts'
import { createGuard, type Guard } from '../guard.ts'
import { type ConnectMiddleware, connectMiddleware } from './connect.ts'
import { type FetchHandler, fetchHandler } from './fetch.ts'
import { resolveOptions, type VerifierOptions } from './options.ts'
import { createCheck } from './verifier.ts'

export type { AccessClaims, MachineClaims, TokenClaims } from '../core/claims.ts'
export { type ErrorCode, PosternError, StartError } from '../errors.ts'
export type { Guard } from '../guard.ts'
export type { ConnectMiddleware } from './connect.ts'
export type { FetchHandler } from './fetch.ts'
export type { VerifierOptions } from './options.ts'

/** What the user who bears a token must have. */
export interface Demand {
  /** A role that the token must hold. */
  role?: string
}

/** Checks the access tokens of one Postern, in a service of its own. */
export interface Verifier {
  /**
   * The claims of a user's access token that is genuine, current and not refused by its status list. Rejects with a
   * `PosternError`: `token_not_valid`, or `unavailable` when Postern could not be asked what must be known. Tokens of
   * machines: `guard.verifyAny` and `guard.requireScope`.
   */
  verify(token: string): Promise<AccessClaims>
  /** Hooks for Fastify: `onRequest: guard.requireUser`, then `guard.claims(request)`. */
  guard: Guard
  /** Middleware for Express and Connect: leaves the claims in `request.auth`, or answers with a problem (RFC 9457). */
  connect(demand?: Demand): ConnectMiddleware
  /** Puts the check before a handler of Fetch's kind, such as `(request, claims) => new Response()`. */
  fetch<Rest extends unknown[]>(
    handler: FetchHandler<Rest>,
    demand?: Demand
  ): (request: Request, ...rest: Rest) => Promise<Response>
}

/** Makes a verifier. It asks for nothing before the first token. Throws StartError when an option is not usable. */
export function createVerifier(options: VerifierOptions): Verifier {
  const guard = createGuard({ tokens: { authenticate: createCheck(resolveOptions(options)) } })
  const check = ({ role }: Demand = {}) => (role === undefined ? guard.requireUser : guard.requireRole(role))
  return {
    verify: guard.verify,
    guard,
    connect: demand => connectMiddleware(guard, check(demand)),
    fetch: (handler, demand) => fetchHandler(guard, check(demand), handler)
  }
}
