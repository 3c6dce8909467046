import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { databaseFile, readEnvironment, resolveConfig } from '../config.ts'
import { makeDataFolders } from '../data-folder.ts'
import { inspect } from '../db/inspect.ts'
import { openDatabase } from '../db/open.ts'
import { StartError } from '../errors.ts'
import { print } from './print.ts'

/** Applies the migrations that the database lacks and says how many. Throws StartError and StoreStartError. */
export async function migrate(): Promise<undefined> {
  const config = resolveConfig(readEnvironment(process.env))
  const file = databaseFile(config)
  if (file === ':memory:') throw new StartError('DATABASE_URL is sqlite::memory:, where no table stays; name a file.')
  await makeDataFolders(config)
  const existed = existsSync(file)
  const before = existed ? migrationsIn(file) : 0
  const database = await openDatabase(config.databaseUrl)
  await database.close()
  const applied = migrationsIn(file) - before
  const outcome = applied === 0 ? 'up to date, nothing to do' : `${applied} migration${applied > 1 ? 's' : ''} applied`
  await print([`${resolve(file)}: ${existed ? '' : 'created; '}${outcome}`])
}

function migrationsIn(file: string): number {
  try {
    return inspect(file).applied
  } catch {
    // What is wrong with the file is told by whoever opens it to change it.
    return 0
  }
}
