import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { type Config, databaseFile } from '../src/config.ts'
import type { Database } from '../src/db/database.ts'
import { openDatabase } from '../src/db/open.ts'
import { StartError } from '../src/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

/** Opens the store, migrated; closes it after everything that uses it. */
export default fp<AppOptions>(
  async (server, { config }) => {
    await makeFolders(config)
    const database = await openDatabase(config.databaseUrl)
    server.decorate('database', database)
    server.addHook('onClose', () => database.close())
  },
  { name: 'database' }
)

async function makeFolders(config: Config): Promise<void> {
  const file = databaseFile(config)
  const folders = file === ':memory:' ? [config.dataDir] : [config.dataDir, dirname(file)]
  for (const folder of folders) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
      throw new StartError(
        `The data folder ${folder} cannot be made (${cause.code}). Make it writable for this user, or set DATABASE_URL and DATA_DIR.`,
        { cause }
      )
    })
  }
}
