import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { connect } from '../src/db/connection.ts'
import { databaseIn } from './settings.ts'
import { median } from './statistics.ts'

const GIB = 1024 ** 3
const IN_MEMORY = [0x01021994, 0x858458f6]

/** What the figures depend on: processor, runtime, disk, and how SQLite commits as the service opens it. */
export async function describeMachine(folder: string): Promise<string> {
  const sqlite = await connect(databaseIn(folder))
  const level = sqlite.pragma('synchronous', { simple: true }) as number
  const version = sqlite.prepare('SELECT sqlite_version()').pluck().get()
  sqlite.close()
  const levels = ['OFF', 'NORMAL', 'FULL', 'EXTRA']
  return [
    `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}`,
    `${Math.round(totalmem() / GIB)} GB`,
    `Node.js ${process.version.slice(1)} (${process.platform} ${process.arch})`,
    `SQLite ${version} with synchronous=${levels[level]} on ${await describeDisk(folder)}`
  ].join(', ')
}

async function describeDisk(folder: string): Promise<string> {
  if (IN_MEMORY.includes((await statfs(folder)).type)) return 'a disk in memory: these figures do not count'
  return `${await fileSystem(folder)}, where an fsync takes ${syncMilliseconds(folder).toFixed(2)} ms`
}

/** The type of the file system; only Linux tells it in a file. */
async function fileSystem(folder: string): Promise<string> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8').catch(() => '')).split('\n').map(line => line.split(' '))
  const at = mounts.filter(([, point = '']) => `${folder}/`.startsWith(point.endsWith('/') ? point : `${point}/`))
  const [, , type] = at.toSorted(([, a = ''], [, b = '']) => a.length - b.length).at(-1) ?? []
  return type ?? 'disk'
}

function syncMilliseconds(folder: string): number {
  const file = openSync(join(folder, 'sync'), 'w')
  const block = Buffer.alloc(4096, 1)
  const times = Array.from({ length: 50 }, () => {
    const begun = performance.now()
    writeSync(file, block)
    fsyncSync(file)
    return performance.now() - begun
  })
  closeSync(file)
  return median(times)
}
