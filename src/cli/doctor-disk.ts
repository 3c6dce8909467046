import { statfsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, databaseFile } from '../config.ts'
import { dataFolders } from '../data-folder.ts'
import { LOG_LIMIT, logBytes } from '../db/log-size.ts'
import { nearestExisting } from './doctor-folders.ts'
import type { Finding } from './finding.ts'

const MB = 1_000_000
const LEAST_FREE = 1000 * MB
const LEAST_SHARE = 0.05

/** Bytes that this user may still write to a disk, and all that it holds. */
export interface Space {
  free: number
  total: number
}

/** Whether the disk has room for more accounts, and whether the database's log is written back in time. */
export function* checkDisk(config: Config, measure: (folder: string) => Space = spaceOf): Generator<Finding> {
  for (const folder of dataFolders(config)) {
    const { free, total } = measure(nearestExisting(folder))
    const left = `${Math.floor(free / MB).toLocaleString('en')} MB free (${Math.floor((100 * free) / total)} %)`
    yield free < LEAST_FREE || free < total * LEAST_SHARE
      ? ['warn', `the disk of ${folder} has ${left}: when it is full, nobody can log in. Free some space`]
      : ['ok', `the disk of ${folder} has ${left}`]
  }
  const file = databaseFile(config)
  if (file === undefined) return
  const size = logBytes(file)
  if (size > LOG_LIMIT)
    yield [
      'warn',
      `the write-ahead log ${resolve(file)}-wal has grown to ${Math.floor(size / MB)} MB: somebody reads for so long that it cannot be written back. End that backup, that shell or that verification`
    ]
}

function spaceOf(folder: string): Space {
  const { bavail, blocks, bsize } = statfsSync(folder)
  return { free: bavail * bsize, total: blocks * bsize }
}
