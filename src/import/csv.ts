import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, type Info, parse } from 'csv-parse'
import type { ForeignUser } from '../core/user-import/source.ts'
import { ignoredColumns, missingColumn } from './columns.ts'
import type { TextFile } from './file.ts'
import { namedGroups } from './groups.ts'
import { fileProblem } from './problem.ts'
import type { OpenSource } from './source.ts'

const LONGEST_ROW = 1_048_576

const WRONG: Record<string, string> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: 'it has another number of columns than the header',
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark is opened and not closed',
  CSV_MAX_RECORD_SIZE: 'it is longer than a row can be'
}

interface Row {
  record: Record<string, string>
  info: Info
}

/** Users from CSV (RFC 4180) with a header line. Throws `validation_failed`. */
export async function openCsv(file: TextFile): Promise<OpenSource> {
  let header: string[] = []

  async function* users(): AsyncGenerator<ForeignUser> {
    const parser = parse({
      columns: names => {
        header = names
        return names
      },
      info: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n'],
      max_record_size: LONGEST_ROW
    })
    const reading = pipeline(Readable.from(file.text()), parser)
    // Whoever takes the rows gets the same error from the parser.
    reading.catch(() => {})
    try {
      for await (const { record, info } of parser as AsyncIterable<Row>) {
        const groups = namedGroups((record.groups ?? '').split(','))
        yield { place: { unit: 'line', number: info.lines }, values: record, groups }
      }
    } catch (error) {
      throw error instanceof CsvError ? explain(file.path, error) : error
    }
  }

  const rows = users()
  await rows.next()
  await rows.return(undefined)
  const missing = missingColumn(header)
  if (missing)
    throw fileProblem(
      `${file.path} has no column ${missing}: its first line must name the columns, with commas between.`
    )
  return { users, async *revokedTokens() {}, ignored: ignoredColumns(header), share: file.share, close() {} }
}

function explain(path: string, error: CsvError): Error {
  const { lines } = error as CsvError & { lines?: number }
  return fileProblem(
    `${path} is no complete CSV file: see line ${lines}, ${WRONG[error.code] ?? 'it is malformed'}.`,
    error
  )
}
