import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, databaseFile, readEnvironment, resolveConfig } from '../config.ts'
import { makeDataFolders } from '../data-folder.ts'
import { inspect } from '../db/inspect.ts'
import { inspectDatabase } from '../db/inspect-database.ts'
import { openDatabase } from '../db/open.ts'
import { inspectTables } from '../db/reader.ts'
import { StartError } from '../errors.ts'
import { print } from './print.ts'

/** Where the tables are, and how many migrations they have had. */
interface Place {
  name: string
  isNew: boolean
  count(): number | Promise<number>
}

/** Applies the migrations that the database lacks and says how many. Throws StartError and StoreStartError. */
export async function migrate(): Promise<undefined> {
  const config = resolveConfig(readEnvironment(process.env))
  const file = databaseFile(config)
  if (file === ':memory:') throw new StartError('DATABASE_URL is sqlite::memory:, where no table stays; name a file.')
  await makeDataFolders(config)
  const { name, isNew, count } = file === undefined ? await onServer(config) : inFile(file)
  const before = await count()
  const database = await openDatabase(config.databaseUrl, config.databasePool)
  await database.close()
  const applied = (await count()) - before
  const outcome = applied === 0 ? 'up to date, nothing to do' : `${applied} migration${applied > 1 ? 's' : ''} applied`
  await print([`${name}: ${isNew ? 'created; ' : ''}${outcome}`])
}

const inFile = (file: string): Place => ({
  name: resolve(file),
  isNew: !existsSync(file),
  count() {
    try {
      return inspect(file).applied
    } catch {
      // What is wrong with the file is told by whoever opens it to change it.
      return 0
    }
  }
})

async function onServer({ databaseUrl }: Config): Promise<Place> {
  const { patiently, placeOf } = await import('../db/postgres-start.ts')
  return {
    name: placeOf(databaseUrl),
    isNew: false,
    count: async () => (await patiently(() => inspectDatabase(databaseUrl, inspectTables))).applied
  }
}
