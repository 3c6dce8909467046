import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NOBODY } from '../../tools/nobody.ts'

/** A command in front of a service that has no rights of its own. */
export const UNPRIVILEGED = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']

/** A folder that nobody can serve from, and what the refusal must say. */
export interface Refusal {
  name: string
  reason: RegExp
  /** Whether the file system is mounted read-only. */
  readOnly?: boolean
  env?: (folder: string) => Record<string, string>
  /** Spoils a folder in which an unprivileged service has run. Gives where to start, if not there. */
  spoil?(folder: string): Promise<string | undefined>
}

const ROOT_ONLY = 0o600
const database = (folder: string) => join(folder, 'postern.db')
const take = async (path: string): Promise<undefined> => {
  await chown(path, 0, 0)
  await chmod(path, path.includes('.') || path.endsWith('secret') ? ROOT_ONLY : 0o755)
}

/** Gives a folder and what is in it to the unprivileged user. */
export async function give(folder: string): Promise<void> {
  for (const name of ['', ...(await readdir(folder, { recursive: true }))])
    await chown(join(folder, name), NOBODY, NOBODY)
}

export const refusals: Refusal[] = [
  { name: 'a read-only file system', readOnly: true, reason: /read-only/ },
  {
    name: 'an empty folder on a read-only file system',
    readOnly: true,
    reason: /cannot be (made|opened or created)|read-only/,
    spoil: async folder => {
      await mkdir(join(folder, 'other'))
      return join(folder, 'other')
    }
  },
  {
    name: 'a missing folder on a read-only file system',
    readOnly: true,
    reason: /cannot be made \(EROFS\)/,
    spoil: async folder => join(folder, 'missing')
  },
  {
    name: 'a missing folder in a folder of somebody else',
    reason: /cannot be made \(EACCES\)/,
    spoil: async folder => {
      await take(folder)
      return join(folder, 'missing')
    }
  },
  {
    name: 'a database of somebody else',
    reason: /read-only/,
    spoil: folder => take(database(folder))
  },
  {
    name: 'a folder of somebody else',
    reason: /read-only|write to the directory/,
    spoil: folder => take(folder)
  },
  {
    name: 'a log of somebody else',
    reason: /read-only|cannot be opened/,
    spoil: async folder => {
      await writeFile(`${database(folder)}-wal`, '')
      return take(`${database(folder)}-wal`)
    }
  },
  {
    name: 'a master secret of somebody else',
    reason: /master secret .* cannot be read \(EACCES\)/,
    spoil: folder => take(join(folder, 'secret'))
  },
  {
    name: 'a file in the place of the folder',
    reason: /cannot be made \((ENOTDIR|EEXIST)\)|is not a directory/,
    spoil: async folder => {
      await writeFile(join(folder, 'file'), '')
      return join(folder, 'file')
    }
  },
  {
    name: 'a folder in the place of the database',
    reason: /it is a directory/,
    env: folder => ({ DATABASE_URL: `sqlite:${folder}`, DATA_DIR: folder })
  }
]
