import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { StartError } from './errors.ts'
import type { Guard } from './guard.ts'
import type { PosternOptions } from './mount.ts'
import type { Options } from './options.ts'
import { runtimeProblem } from './runtime.ts'
import type { Wiring } from './server.ts'

export type { AccessClaims, MachineClaims, TokenClaims } from './core/claims.ts'
export type { ClaimsHook, PublicUser } from './core/public-user.ts'
export { type ErrorCode, PosternError, StartError } from './errors.ts'
export type { Guard } from './guard.ts'
export type { PosternOptions } from './mount.ts'
export type { Options } from './options.ts'
export type { Wiring } from './server.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Postern's guards. */
    auth: Guard
  }
}

/** Postern inside another Fastify: the whole service below a prefix, and one decorator `auth`. Rejects with StartError. */
const postern: FastifyPluginAsync<PosternOptions> = fp(
  async (host, options) => {
    demandRuntime()
    if (Object.hasOwn(host, 'auth'))
      throw new StartError(
        'Postern cannot start: this Fastify instance has a decorator `auth` already. Register Postern in a scope of its own.'
      )
    const { mount } = await import('./mount.ts')
    host.decorate('auth', await mount(host, options))
  },
  { name: 'postern', fastify: '5.x' }
)

export default postern

/** Builds the service as `postern serve` does, ready to listen. Rejects with StartError, and then leaves nothing open. */
export async function buildServer(options: Options = {}, wiring: Wiring = {}): Promise<FastifyInstance> {
  demandRuntime()
  const { buildServer } = await import('./server.ts')
  const { load } = await import('./mount.ts')
  const service = buildServer(options, wiring)
  await load(service)
  return service
}

// What is imported from here on would not even load on an old Node.js, or crash it.
function demandRuntime(): void {
  const problem = runtimeProblem()
  if (problem) throw new StartError(problem)
}
