import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Core } from './core/index.ts'
import type { AccessClaims } from './core/tokens.ts'
import { PosternError } from './errors.ts'

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** Checks of who is calling, shaped as hooks: they throw, and never reply. */
export interface Guard {
  /** Lets nobody in without a valid access token. Throws `not_authenticated` and `token_not_valid`. */
  requireUser: Check
  /** The same, and the token must hold the role. Throws `permission_denied` too. */
  requireRole(role: string): Check
  /** What the caller's token says; only behind `requireUser` or `requireRole`. */
  claims(request: FastifyRequest): AccessClaims
  /** The claims of an access token from elsewhere. Throws `token_not_valid`. */
  verify(token: string): Promise<AccessClaims>
}

const BEARER = /^Bearer +([^\s]+) *$/i

/** Makes the guards over a core. Claims are kept beside the request, so that no host sees a decorator of ours on it. */
export function createGuard({ tokens }: Pick<Core, 'tokens'>): Guard {
  const callers = new WeakMap<FastifyRequest, AccessClaims>()

  const requireUser: Check = async (request, reply) => {
    const header = request.headers.authorization
    try {
      if (!header) throw new PosternError('not_authenticated')
      const token = BEARER.exec(header)?.[1]
      if (!token) throw new PosternError('token_not_valid')
      callers.set(request, await tokens.authenticate(token))
    } catch (error) {
      reply.header('www-authenticate', header ? 'Bearer error="invalid_token"' : 'Bearer')
      throw error
    }
  }

  const claims = (request: FastifyRequest): AccessClaims => {
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
