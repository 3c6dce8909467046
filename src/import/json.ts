import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { streamArray } from 'stream-json/streamers/stream-array.js'
import type { Place } from '../core/user-import/source.ts'
import { PosternError } from '../errors.ts'
import type { TextFile } from './file.ts'
import { fileProblem } from './problem.ts'

/** One object of a JSON file. */
export interface JsonRow {
  place: Place
  value: Record<string, unknown>
}

/** Reads the objects of a file. Throws `validation_failed` when it has anything else, or ends too early. */
export type ReadJson = (file: TextFile) => AsyncGenerator<JsonRow>

const LONGEST_LINE = 1_048_576

/** The objects of one JSON array (RFC 8259). */
export async function* readArray(file: TextFile): AsyncGenerator<JsonRow> {
  const parser = streamArray.withParserAsStream()
  const reading = pipeline(Readable.from(file.text()), parser)
  // Whoever takes the rows gets the same error from the parser.
  reading.catch(() => {})
  let number = 0
  try {
    for await (const { value } of parser as AsyncIterable<{ value: unknown }>) {
      number += 1
      yield { place: { unit: 'row', number }, value: objectOf(value, `row ${number} of ${file.path}`) }
    }
  } catch (error) {
    if (error instanceof PosternError) throw error
    throw fileProblem(`${file.path} is no complete JSON array: what is wrong stands after row ${number}.`, error)
  }
}

/** The objects of JSON lines: one a line. */
export async function* readLines(file: TextFile): AsyncGenerator<JsonRow> {
  let number = 0
  for await (const line of linesOf(file)) {
    number += 1
    if (line.trim() === '') continue
    const where = `line ${number} of ${file.path}`
    yield { place: { unit: 'line', number }, value: objectOf(parse(line, where), where) }
  }
}

async function* linesOf(file: TextFile): AsyncGenerator<string> {
  let rest = ''
  for await (const text of file.text()) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST_LINE) throw fileProblem(`${file.path} has a line that is longer than a row can be.`)
    yield* lines
  }
  yield rest
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of the parser repeats the text, which holds the hash of a password.
    throw fileProblem(`${where} is no complete JSON object.`.replace(/^l/, 'L'))
  }
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw fileProblem(`${where} is no JSON object.`.replace(/^./, letter => letter.toUpperCase()))
}
