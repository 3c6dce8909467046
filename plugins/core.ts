import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { type Core, createCore } from '../src/core/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    core: Core
  }
}

/** What authentication means, as one decorator. */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    const { database: db, createJwt } = server
    const report = (error: unknown) => server.log.error({ err: error }, 'housekeeping failed; it is tried again')
    const core = await createCore({ db, config, createJwt, now, report })
    server.decorate('core', core)
    server.addHook('onReady', async () => core.housekeeping.start())
    server.addHook('onClose', () => core.close())
  },
  { name: 'core', dependencies: ['database', 'jwt'] }
)
