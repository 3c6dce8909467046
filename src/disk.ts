import { statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Config, databaseFile } from './config.ts'
import { dataFolders, nearestExisting } from './data-folder.ts'
import { LOG_LIMIT, logBytes } from './db/log-size.ts'

const MB = 1_000_000
const LEAST_FREE = 1000 * MB
const LEAST_SHARE = 0.05

/** Bytes that this user may still write to a disk, and all that it holds. */
export interface Space {
  free: number
  total: number
}

/** What was seen of one thing on the disk. */
export interface DiskState {
  path: string
  /** Whether it ends badly unless somebody acts; then the text says what to do. */
  isLow: boolean
  text: string
}

/** Whether the disk has room for more accounts, and whether the database's log is written back in time. Throws what the system throws. */
export function* lookAtDisk(
  config: Config,
  measure: (folder: string) => Space = spaceOf
): Generator<DiskState, undefined> {
  const file = databaseFile(config)
  for (const path of dataFolders(config)) {
    const { free, total } = measure(nearestExisting(path))
    const left = `the disk of ${path} has ${mb(free)} MB free (${Math.floor((100 * free) / total)} %)`
    const isLow = free < LEAST_FREE || free < total * LEAST_SHARE
    const then = file !== undefined && resolve(dirname(file)) === path ? 'nobody can log in' : 'no mail is kept there'
    yield { path, isLow, text: isLow ? `${left}: when it is full, ${then}. Free some space` : left }
  }
  if (file === undefined) return
  const size = logBytes(file)
  const path = `${resolve(file)}-wal`
  if (size > LOG_LIMIT)
    yield {
      path,
      isLow: true,
      text: `the write-ahead log ${path} has grown to ${mb(size)} MB: somebody reads for so long that it cannot be written back. End that backup, that shell or that verification`
    }
}

const mb = (bytes: number): string => Math.floor(bytes / MB).toLocaleString('en')

function spaceOf(folder: string): Space {
  const { bavail, blocks, bsize } = statfsSync(folder)
  return { free: bavail * bsize, total: blocks * bsize }
}
