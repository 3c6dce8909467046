import type { FastifyRequest } from 'fastify'
import type { AccessClaims } from './core/claims.ts'
import { PosternError } from './errors.ts'

/** As little as a check needs, so that it fits hosts with HTTP/2, type providers and loggers of their own. */
type Caller = Pick<FastifyRequest, 'headers'>

type Check = (request: Caller, reply: { header(name: string, value: string): unknown }) => Promise<void>

/** What checks access tokens; not the type of the core, which would bring those of the database into every host. */
interface Tokens {
  authenticate(token: string): Promise<AccessClaims>
}

/** Checks of who is calling, shaped as hooks: they throw, and never reply. */
export interface Guard {
  /** Lets nobody in without a valid access token. Throws `not_authenticated` and `token_not_valid`. */
  requireUser: Check
  /** The same, and the token must hold the role. Throws `permission_denied` too. */
  requireRole(role: string): Check
  /** What the caller's token says; only behind `requireUser` or `requireRole`. */
  claims(request: Caller): AccessClaims
  /** The claims of an access token from elsewhere. Throws `token_not_valid`. */
  verify(token: string): Promise<AccessClaims>
}

/** The token of an Authorization header (RFC 6750 section 2.1); undefined when it is of another kind. */
function bearer(header: string): string | undefined {
  if (header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined
  const token = header.slice(7).trim()
  return token === '' || token.includes(' ') ? undefined : token
}

/** Makes the guards over a core. Claims are kept beside the request, so that no host sees a decorator of ours on it. */
export function createGuard({ tokens }: { tokens: Tokens }): Guard {
  const callers = new WeakMap<Caller, AccessClaims>()

  const requireUser: Check = async (request, reply) => {
    const header = request.headers.authorization
    try {
      if (!header) throw new PosternError('not_authenticated')
      const token = bearer(header)
      if (!token) throw new PosternError('token_not_valid')
      callers.set(request, await tokens.authenticate(token))
    } catch (error) {
      reply.header('www-authenticate', header ? 'Bearer error="invalid_token"' : 'Bearer')
      throw error
    }
  }

  const claims = (request: Caller): AccessClaims => {
    const found = callers.get(request)
    if (!found) throw new Error('claims() needs requireUser or requireRole in front of the handler')
    return found
  }

  return {
    requireUser,
    requireRole: role => async (request, reply) => {
      await requireUser(request, reply)
      if (!claims(request).roles.includes(role)) throw new PosternError('permission_denied')
    },
    claims,
    verify: token => tokens.authenticate(token)
  }
}
