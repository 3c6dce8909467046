import type { FastifyRequest } from 'fastify'
import type { Client, Clients } from '../core/clients.ts'
import { OAuthError } from '../core/oauth-error.ts'
import { readCredentials } from './credentials.ts'
import type { Form } from './form.ts'

/** Counts by client address; `increment: false` only looks. */
export type Limiter = (request: FastifyRequest, options?: { increment?: boolean }) => Promise<Count>

type Count = { isAllowed: true } | { isAllowed: false; remaining: number; isExceeded: boolean; ttlInSeconds: number }

/** The check of which registered client is calling. */
export interface ClientGuard {
  /** A hook for parsed bodies: lets no request through without right credentials. Throws OAuthError. */
  requireClient(request: FastifyRequest): Promise<void>
  /** The client of a request; only behind `requireClient`. */
  client(request: FastifyRequest): Client
}

/**
 * Makes the guard. Only failures draw on the limit: those who check tokens do it for every request of theirs. An
 * address that has used it up is not heard at all, so that a right secret cannot be told from a wrong one.
 */
export function createClientGuard(
  clients: Pick<Clients, 'authenticate' | 'noteFailure'>,
  limit?: Limiter
): ClientGuard {
  const callers = new WeakMap<FastifyRequest, Client>()

  async function failed(request: FastifyRequest, id: string): Promise<never> {
    const count = await limit?.(request)
    if (count?.isAllowed === false && count.isExceeded) throw tooMany(count.ttlInSeconds)
    await clients.noteFailure(id, request.ip)
    throw new OAuthError('invalid_client')
  }

  return {
    async requireClient(request) {
      // Without a body there are no parameters, and which one is missing can be said by name.
      request.body ??= {}
      const { id, secret } = readCredentials(request.headers.authorization, request.body as Form)
      const count = await limit?.(request, { increment: false })
      if (count?.isAllowed === false && count.remaining === 0) throw tooMany(count.ttlInSeconds)
      const client = await clients.authenticate(id, secret)
      callers.set(request, client ?? (await failed(request, id)))
    },
    client: request => callers.get(request) as Client
  }
}

const tooMany = (retryAfter: number): OAuthError =>
  new OAuthError('temporarily_unavailable', {
    description: 'Too many attempts. Wait, then try again.',
    status: 429,
    retryAfter
  })
