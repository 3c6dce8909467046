import type { FastifyRequest } from 'fastify'
import type { AccessClaims, MachineClaims, TokenClaims } from './core/claims.ts'
import { PosternError } from './errors.ts'

/** As little as a check needs, so that it fits hosts with HTTP/2, type providers and loggers of their own. */
type Caller = Pick<FastifyRequest, 'headers'> & { method?: string | undefined }
type Answer = { header(name: string, value: string): unknown }

type Check = (request: Caller, reply: Answer) => Promise<void>

/** What checks access tokens; not the type of the core, which would bring those of the database into every host. */
interface Tokens {
  authenticate(token: string): Promise<TokenClaims>
}

/** What finds the access token of a request that has no Authorization header. Throws `csrf_failed`. */
interface Cookies {
  accessToken(request: Caller): string | undefined
}

/** Checks of who is calling, shaped as hooks: they throw, and never reply. */
export interface Guard {
  /**
   * Lets nobody in without a valid access token of a user: in the Authorization header or, when there is none, in the
   * cookie of Postern, where that is what serves. Throws `not_authenticated`, `token_not_valid` and `csrf_failed`.
   */
  requireUser: Check
  /** The same, and the token must hold the role. Throws `permission_denied` too. */
  requireRole(role: string): Check
  /**
   * Lets machines in whose access token holds the scope (the client_credentials grant), and no user. Throws
   * `not_authenticated`, `token_not_valid` and `permission_denied`.
   */
  requireScope(scope: string): Check
  /** What the user's token says; only behind `requireUser` or `requireRole`. */
  claims(request: Caller): AccessClaims
  /** What the machine's token says; only behind `requireScope`. */
  machine(request: Caller): MachineClaims
  /** The claims of a user's access token from elsewhere. Throws `token_not_valid`. */
  verify(token: string): Promise<AccessClaims>
  /** The same of a user's or of a machine's, whose `sid` is undefined. Throws `token_not_valid`. */
  verifyAny(token: string): Promise<TokenClaims>
}

/** The token of an Authorization header (RFC 6750 section 2.1); undefined when it is of another kind. */
function bearer(header: string): string | undefined {
  if (header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined
  const token = header.slice(7).trim()
  return token === '' || token.includes(' ') ? undefined : token
}

/** The claims of the token that came with a request; the answer tells the caller what is wrong with it. */
async function identify<Claims>(
  { headers: { authorization: header } }: Caller,
  reply: Answer,
  check: (token: string) => Promise<Claims>,
  cookie?: string
): Promise<Claims> {
  try {
    if (!header && cookie === undefined) throw new PosternError('not_authenticated')
    const token = cookie ?? bearer(header as string)
    if (!token) throw new PosternError('token_not_valid')
    return await check(token)
  } catch (error) {
    reply.header('www-authenticate', header || cookie !== undefined ? 'Bearer error="invalid_token"' : 'Bearer')
    throw error
  }
}

/** Makes the guards over a core. Claims are kept beside the request, so that no host sees a decorator of ours on it. */
export function createGuard({ tokens }: { tokens: Tokens }, cookies?: Cookies): Guard {
  const users = new WeakMap<Caller, AccessClaims>()
  const machines = new WeakMap<Caller, MachineClaims>()

  const verifyAny = (token: string) => tokens.authenticate(token)

  // A machine has no name, no roles and no session; a route for users is never open to it.
  async function verify(token: string): Promise<AccessClaims> {
    const found = await verifyAny(token)
    if (found.sid === undefined) throw new PosternError('token_not_valid')
    return found
  }

  const requireUser: Check = async (request, reply) => {
    const cookie = request.headers.authorization === undefined ? cookies?.accessToken(request) : undefined
    users.set(request, await identify(request, reply, verify, cookie))
  }

  const claims = (request: Caller): AccessClaims => {
    const found = users.get(request)
    if (!found) throw new Error('claims() needs requireUser or requireRole in front of the handler')
    return found
  }

  return {
    requireUser,
    requireRole: role => async (request, reply) => {
      await requireUser(request, reply)
      if (!claims(request).roles.includes(role)) throw new PosternError('permission_denied')
    },
    requireScope: scope => async (request, reply) => {
      const found = await identify(request, reply, verifyAny)
      if (found.sid !== undefined || !found.scope?.split(' ').includes(scope)) {
        reply.header('www-authenticate', 'Bearer error="insufficient_scope"')
        throw new PosternError('permission_denied')
      }
      machines.set(request, found)
    },
    claims,
    machine: request => {
      const found = machines.get(request)
      if (!found) throw new Error('machine() needs requireScope in front of the handler')
      return found
    },
    verify,
    verifyAny
  }
}
