import { statSync } from 'node:fs'
import type { Config } from '../config.ts'
import { dataFolders, nearestExisting } from '../data-folder.ts'
import type { Finding } from './finding.ts'
import { isWritable, openTo } from './permissions.ts'

/** Whether the service can write where it must, and whether others can look in. */
export function* checkFolders(config: Config): Generator<Finding> {
  for (const folder of dataFolders(config)) yield check(folder)
}

function check(folder: string): Finding {
  const nearest = nearestExisting(folder)
  const stats = statSync(nearest)
  if (!stats.isDirectory())
    return [
      'fail',
      `the data folder ${folder} cannot be made: ${nearest} is not a folder. Correct DATABASE_URL or DATA_DIR`
    ]
  if (!isWritable(nearest))
    return ['fail', `this user cannot write to ${nearest}. Give the data folder to the user that runs Postern`]
  if (nearest !== folder) return ['ok', `there is no data folder yet: the first start makes ${folder}`]
  const others = openTo(stats.mode)
  if (others) return ['warn', `the data folder ${folder} is open to ${others}. Run: chmod 700 ${folder}`]
  return ['ok', `the data folder ${folder} is writable, and private`]
}
