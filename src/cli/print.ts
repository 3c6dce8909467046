import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Writes lines to stdout as fast as its reader takes them. A reader that stops early, such as `head`, is no error. */
export async function print(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(terminated(lines)), process.stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

async function* terminated(lines: Iterable<string> | AsyncIterable<string>) {
  for await (const line of lines) yield `${line}\n`
}

/** One line of a table; a cell that is wider than its column pushes the others to the right. */
export const row = (cells: ReadonlyArray<readonly [text: string, width: number]>): string =>
  cells
    .map(([text, width]) => text.padEnd(width))
    .join('  ')
    .trimEnd()
