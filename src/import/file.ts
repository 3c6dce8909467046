import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { fileProblem } from './problem.ts'

/** A text file that can be read several times. */
export interface TextFile {
  readonly path: string
  /** How much of it the reading at hand has seen, from 0 to 1. */
  share(): number
  /** Its text in pieces, without a byte order mark. Throws `validation_failed` when it is not UTF-8 or was changed. */
  text(): AsyncGenerator<string>
}

const HEAD = 65_536

/** The first bytes of a file. Throws `validation_failed` for what is no file, cannot be read or is empty. */
export function headOf(path: string): Buffer {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) throw fileProblem(`There is no file ${path}.`)
  if (stats.isDirectory()) throw fileProblem(`${path} is a directory.`)
  // It is read several times, which a pipe cannot be.
  if (!stats.isFile()) throw fileProblem(`${path} is no regular file. Write what is to be imported to one.`)
  if (stats.size === 0) throw fileProblem(`${path} is empty.`)
  try {
    const descriptor = openSync(path, 'r')
    const head = Buffer.alloc(Math.min(HEAD, stats.size))
    readSync(descriptor, head, 0, head.length, 0)
    closeSync(descriptor)
    return head
  } catch (error) {
    throw fileProblem(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, error)
  }
}

/** A file as UTF-8 text. */
export function openText(path: string): TextFile {
  const state = () => {
    const { size, mtimeMs } = statSync(path)
    return { size, mtimeMs }
  }
  const first = state()
  let seen = 0

  return {
    path,
    share: () => seen / first.size,
    async *text() {
      seen = 0
      const decoder = new TextDecoder('utf-8', { fatal: true })
      for await (const chunk of createReadStream(path, { highWaterMark: HEAD })) {
        yield decode(path, () => decoder.decode(chunk as Buffer, { stream: true }), seen)
        seen += (chunk as Buffer).length
      }
      yield decode(path, () => decoder.decode(), seen)
      const { size, mtimeMs } = state()
      if (size !== first.size || mtimeMs !== first.mtimeMs) throw fileProblem(`${path} was changed while it was read.`)
    }
  }
}

function decode(path: string, text: () => string, after: number): string {
  try {
    return text()
  } catch (error) {
    throw fileProblem(`${path} is not UTF-8 text; what is wrong stands after byte ${after}.`, error)
  }
}
