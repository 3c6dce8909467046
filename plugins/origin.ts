import fp from 'fastify-plugin'
import type { Origin } from '../src/core/sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where it comes from: what is noted of a login, and the language of mails that it causes. */
    readonly origin: Origin
  }
}

/** Says of every request where it comes from. */
export default fp(
  async server => {
    server.decorateRequest('origin', {
      getter() {
        const { 'user-agent': userAgent, 'accept-language': language } = this.headers
        return { ip: this.ip, userAgent, language }
      }
    })
  },
  { name: 'origin' }
)
