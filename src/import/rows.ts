import type { ForeignUser } from '../core/user-import/source.ts'
import { ignoredColumns, missingColumn } from './columns.ts'
import type { TextFile } from './file.ts'
import { groupsOf } from './groups.ts'
import type { ReadJson } from './json.ts'
import { fileProblem } from './problem.ts'
import type { OpenSource } from './source.ts'

/** Users from JSON objects that are rows of the table, with the names of its columns. Throws `validation_failed`. */
export async function openRows(file: TextFile, read: ReadJson): Promise<OpenSource> {
  async function* users(): AsyncGenerator<ForeignUser> {
    for await (const { place, value } of read(file)) {
      yield { place, values: value, groups: groupsOf(value.groups) }
    }
  }

  const rows = users()
  const { value: first } = await rows.next()
  await rows.return(undefined)
  const columns = Object.keys(first?.values ?? {})
  const missing = first && missingColumn(columns)
  if (missing) throw fileProblem(`The first row of ${file.path} has no ${missing}.`)
  return { users, async *revokedTokens() {}, ignored: ignoredColumns(columns), share: file.share, close() {} }
}
