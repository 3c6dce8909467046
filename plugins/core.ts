import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { type Core, createCore } from '../src/core/index.ts'
import { mailLog } from '../src/mail/log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    core: Core
  }
}

/** What authentication means, as one decorator. */
export default fp<AppOptions>(
  async (server, { config, now, sendsMail, profile, claims }) => {
    const { database: db, createJwt, mailer, overload } = server
    const report = (error: unknown) =>
      server.log.error({ err: error }, 'work in the background failed; it is tried again')
    const tellOfMail = mailLog(server.log)
    const warn = (message: string) => server.log.warn(message)
    const core = await createCore({
      db,
      config,
      createJwt,
      mailer,
      overload,
      now,
      profile,
      claims,
      warn,
      tellOfMail,
      report
    })
    server.decorate('core', core)
    server.addHook('onReady', async () => {
      core.housekeeping.start()
      if (sendsMail) core.outbox.start()
    })
    server.addHook('onClose', () => core.close())
  },
  { name: 'core', dependencies: ['database', 'jwt', 'mail', 'overload'] }
)
