import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Config, databaseFile } from './config.ts'
import { StartError } from './errors.ts'

/** The folders that the service writes to. */
export function dataFolders(config: Config): string[] {
  const file = databaseFile(config)
  return [
    ...new Set(file === undefined || file === ':memory:' ? [config.dataDir] : [config.dataDir, resolve(dirname(file))])
  ]
}

/** The path, or the folder above it that is there already. */
export const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)))

/** Makes the folders that the service writes to, for its user alone. Throws StartError. */
export async function makeDataFolders(config: Config): Promise<void> {
  for (const folder of dataFolders(config)) {
    await make(folder).catch((cause: NodeJS.ErrnoException) => {
      throw new StartError(
        `The data folder ${folder} cannot be made (${cause.code}). Make it writable for this user, or set DATABASE_URL and DATA_DIR.`,
        { cause }
      )
    })
  }
}

async function make(folder: string): Promise<void> {
  const mode = 0o700
  await mkdir(folder, { recursive: true, mode }).catch(error => {
    if (error.code !== 'ENOENT') throw error
    // Node.js says of a read-only file system that there is no such folder, when it may make several.
    return mkdir(folder, { mode })
  })
}
