import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import type { Mailer } from '../src/core/mail.ts'
import { createMailer } from '../src/mail/transport.ts'

declare module 'fastify' {
  interface FastifyInstance {
    mailer: Mailer
  }
}

/** What brings mails on their way; the outbox of the core closes it. */
export default fp<AppOptions>(
  async (server, { config, now, mailer }) => {
    server.decorate('mailer', mailer ?? createMailer(config, server.log, now))
  },
  { name: 'mail' }
)
