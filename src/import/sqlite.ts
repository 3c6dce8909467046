import Sqlite from 'better-sqlite3'
import type { ForeignToken, ForeignUser } from '../core/user-import/source.ts'
import { areOfUsers, ignoredColumns, missingColumn } from './columns.ts'
import { namedGroups } from './groups.ts'
import { fileProblem } from './problem.ts'
import type { OpenSource } from './source.ts'

const PAGE = 1000

type Row = Record<string, unknown> & { postern_row: number }

/** Users and revoked refresh tokens from the SQLite file of a Django service, which is only read. Throws `validation_failed`. */
export function openSqliteSource(path: string, table?: string): OpenSource {
  try {
    return read(path, new Sqlite(path, { readonly: true, fileMustExist: true }), table)
  } catch (error) {
    throw explain(path, error)
  }
}

function read(path: string, sqlite: Sqlite.Database, wanted: string | undefined): OpenSource {
  const users = chooseTable(path, sqlite, wanted)
  const columns = columnsOf(sqlite, users)
  const last = sqlite.prepare(`SELECT max(rowid) FROM ${quoted(users)}`).pluck()
  const groupsOf = readGroups(sqlite, users)
  let at = 0

  async function* pages(query: string): AsyncGenerator<Row> {
    try {
      // Page by page: a reading that stays open would keep Django from tidying up its file.
      const page = sqlite.prepare(query)
      for (let rows = page.all(0) as Row[]; rows.length > 0; rows = page.all(rows.at(-1)?.postern_row) as Row[]) {
        yield* rows
      }
    } catch (error) {
      throw explain(path, error)
    }
  }

  return {
    async *users(): AsyncGenerator<ForeignUser> {
      const query = `SELECT rowid AS postern_row, * FROM ${quoted(users)} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`
      for await (const { postern_row: number, ...values } of pages(query)) {
        at = number
        yield { place: { unit: 'row', number }, values, groups: namedGroups(groupsOf(values.id)) }
      }
    },
    async *revokedTokens(): AsyncGenerator<ForeignToken> {
      if (columnsOf(sqlite, 'token_blacklist_blacklistedtoken').length === 0) return
      const query = `SELECT b.rowid AS postern_row, o.jti, o.expires_at FROM token_blacklist_blacklistedtoken b
        JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id WHERE b.rowid > ? ORDER BY b.rowid LIMIT ${PAGE}`
      for await (const { postern_row: number, jti, expires_at: expiresAt } of pages(query))
        yield { place: { unit: 'row', number }, jti, expiresAt }
    },
    ignored: ignoredColumns(columns),
    share: () => at / ((last.get() as number | null) ?? 1),
    close: () => void sqlite.close()
  }
}

function chooseTable(path: string, sqlite: Sqlite.Database, wanted: string | undefined): string {
  const names = sqlite.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all() as string[]
  if (wanted !== undefined) {
    const missing = missingColumn(columnsOf(sqlite, wanted))
    if (!names.includes(wanted)) throw fileProblem(`${path} has no table ${wanted}.`)
    if (missing) throw fileProblem(`The table ${wanted} of ${path} has no column ${missing}.`)
    return wanted
  }
  // Every user model of Django has `last_login` beside the password; some other tables have a password, too.
  const found = names.filter(name => {
    const columns = columnsOf(sqlite, name)
    return columns.includes('last_login') && areOfUsers(columns)
  })
  if (found.length === 0)
    throw fileProblem(`${path} has no table with id, username (or email), password and last_login, so no users.`)
  if (found.length > 1)
    throw fileProblem(`${path} has users in several tables; choose with --table: ${found.join(', ')}.`)
  return found[0] as string
}

/** The names of the groups of a user, by the table with which Django links them. */
function readGroups(sqlite: Sqlite.Database, users: string): (id: unknown) => string[] {
  const link = `${users}_groups`
  const owner = columnsOf(sqlite, link).find(name => name !== 'id' && name !== 'group_id')
  if (owner === undefined) return () => []
  const names = sqlite
    .prepare(
      `SELECT g.name FROM ${quoted(link)} l JOIN auth_group g ON g.id = l.group_id WHERE l.${quoted(owner)} = ? ORDER BY g.id`
    )
    .pluck()
  return id => names.all(id) as string[]
}

const columnsOf = (sqlite: Sqlite.Database, table: string): string[] =>
  sqlite.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[]

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

function explain(path: string, error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error
  if (/BUSY|LOCKED/.test(error.code)) return fileProblem(`${path} is locked by another process.`, error)
  return fileProblem(`${path} cannot be read as a SQLite database (${error.message}).`, error)
}
