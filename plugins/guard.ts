import fp from 'fastify-plugin'
import { createGuard, type Guard } from '../src/guard.ts'

declare module 'fastify' {
  interface FastifyInstance {
    guard: Guard
  }
}

/** The checks of who is calling, for the hooks of route folders. */
export default fp(
  async server => {
    server.decorate('guard', createGuard(server.core, server.cookies))
  },
  { name: 'guard', dependencies: ['core', 'cookies'] }
)
