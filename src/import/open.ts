import { openCsv } from './csv.ts'
import { headOf, openText } from './file.ts'
import { isEntry, openFixture } from './fixture.ts'
import { type ReadJson, readArray, readLines } from './json.ts'
import { fileProblem } from './problem.ts'
import { openRows } from './rows.ts'
import type { OpenSource } from './source.ts'
import { openSqliteSource } from './sqlite.ts'

/** What can be imported. */
export const formats = ['csv', 'json', 'jsonl', 'fixture', 'sqlite'] as const

export type Format = (typeof formats)[number]

interface Choice {
  /** Without it the content decides. */
  format?: Format | undefined
  /** The table, or the model of a fixture, that the users are in, where it is not the only one. */
  table?: string | undefined
}

/** Opens a file of users. Throws `validation_failed` with a sentence that says what is wrong with it. */
export async function openSource(path: string, { format, table }: Choice = {}): Promise<OpenSource> {
  const head = headOf(path)
  const isSqlite = head.toString('latin1', 0, 15) === 'SQLite format 3'
  if (format === 'sqlite' || (format === undefined && isSqlite)) return openSqliteSource(path, table)
  if (isSqlite) throw fileProblem(`${path} is a SQLite database, not ${format}.`)
  const file = openText(path)
  const [first] = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (format === 'csv') return openCsv(file)
  if (first === '<') throw fileProblem(`${path} is XML. Export as JSON instead: manage.py dumpdata --format json.`)
  const read = first === '[' ? readArray : first === '{' ? readLines : undefined
  if (read === undefined && format === undefined) return openCsv(file)
  if (read === undefined || (format === 'json' && first !== '[') || (format === 'jsonl' && first !== '{'))
    throw fileProblem(`${path} does not begin as ${format} does.`)
  return (format ?? (await kindOf(file, read))) === 'fixture' ? openFixture(file, read, table) : openRows(file, read)
}

async function kindOf(file: ReturnType<typeof openText>, read: ReadJson): Promise<Format | undefined> {
  const rows = read(file)
  const { value: first } = await rows.next()
  await rows.return(undefined)
  return first && isEntry(first.value) ? 'fixture' : undefined
}
