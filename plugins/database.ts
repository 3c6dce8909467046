import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { makeDataFolders } from '../src/data-folder.ts'
import type { Database } from '../src/db/database.ts'
import { openDatabase } from '../src/db/open.ts'

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

/** Opens the store, migrated; closes it after everything that uses it. */
export default fp<AppOptions>(
  async (server, { config }) => {
    await makeDataFolders(config)
    const database = await openDatabase(config.databaseUrl, config.databasePool)
    server.decorate('database', database)
    server.addHook('onClose', () => database.close())
  },
  { name: 'database' }
)
