import { hash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type Sqlite from 'better-sqlite3'
import type { Observer } from './observer.ts'
import { createRecords, type Keep } from './records.ts'

const PAGE = 4096
const PAGES = 64

/** Records the bytes of databases; equal pages once. */
function createPages(record: Keep) {
  const seen = new Set<string>()

  function keep(bytes: Buffer): void {
    const pages: Buffer[] = []
    for (let at = 0; at < bytes.length; at += PAGE) {
      const page = bytes.subarray(at, at + PAGE)
      const print = hash('sha1', page, 'base64')
      if (seen.has(print)) continue
      seen.add(print)
      pages.push(page)
    }
    if (pages.length > 0) record('database', Buffer.concat(pages))
  }

  function keepFile(path: string): void {
    if (!existsSync(path)) return
    const file = openSync(path, 'r')
    try {
      const chunk = Buffer.alloc(PAGE * PAGES)
      for (let read = 1; read > 0; ) {
        read = readSync(file, chunk)
        keep(chunk.subarray(0, read))
      }
    } finally {
      closeSync(file)
    }
  }

  return { keep, keepFile }
}

/** From now on records every SQLite database when it is closed, in memory or in a file with its log. */
export function recordDatabases(record: Keep, observer: Observer): void {
  const { keep, keepFile } = createPages(record)
  const { prototype } = createRequire(import.meta.url)('better-sqlite3') as { prototype: Sqlite.Database }
  const { close } = prototype

  prototype.close = function (this: Sqlite.Database) {
    const { memory, name, open, readonly } = this
    if (!open || readonly || isOfDjango(this)) return close.call(this)
    attempt(() => (memory ? keep(this.serialize()) : keepFile(`${name}-wal`)))
    const closed = close.call(this)
    if (memory) return closed
    attempt(() => keepFile(name))
    attempt(() => observer.secretFile(join(dirname(name), 'secret')))
    return closed
  }
}

/** Records a database that nobody closed, because its process was killed. */
export function recordLeftDatabase(path: string): void {
  const { keepFile } = createPages(createRecords())
  for (const name of [path, `${path}-wal`]) attempt(() => keepFile(name))
}

/** The database of the service that ours is compared with keeps tokens, and may. */
function isOfDjango(sqlite: Sqlite.Database): boolean {
  try {
    return sqlite.prepare("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").get() !== undefined
  } catch {
    return false
  }
}

/** What a test broke, it cannot be read. */
function attempt(work: () => void): void {
  try {
    work()
  } catch {}
}
