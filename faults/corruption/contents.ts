import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

const DATABASE = /^postern\.db/

/** All that a folder holds, as text that can be compared: the files by content, the database by its rows. */
export function contentsOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !DATABASE.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map(
      name =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`
    )
  return [...files, ...rowsOf(join(folder, 'postern.db'))].join('\n')
}

function rowsOf(path: string): string[] {
  if (!existsSync(path)) return ['no database']
  const sqlite = new Sqlite(path, { readonly: true })
  try {
    const tables = sqlite.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).pluck().all()
    return tables.map(table => `${table} ${JSON.stringify(sqlite.prepare(`SELECT * FROM "${table}"`).all())}`)
  } finally {
    sqlite.close()
  }
}
