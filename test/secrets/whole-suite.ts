import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { collected } from './collected.ts'
import { createNeedles, OVERLAP } from './needles.ts'

const CHUNK = 1 << 20
const NEWLINE = 10

/** What no log and no metrics may show, and what no database may hold. */
const PATTERNS = {
  text: [/eyJ[\w-]{10,}/g, /\$argon2/g, /pbkdf2_sha\d+\$/g, /#token=[\w-]/g, /PRIVATE KEY/g],
  database: [/PRIVATE KEY/g, /#token=[\w-]/g, /eyJ[\w-]{10,}\.eyJ[\w-]{10,}/g, /MIGHAgEAMBMG/g]
}
const CODE = /(?<![\w.-])(\d{3})[ -]?(\d{3})(?![\w.-])/g
// A process may have a number of six digits, and so may what is measured.
const NUMBERS = { log: /"(pid|port|remotePort|ms|time)":\d+/g, metrics: / [\d.e+-]+$/gm }

export interface Searched {
  /** Where something stands that should not, and what it is; never the thing itself. */
  leaks: string[]
  secrets: number
  lines: number
  files: number
  bytes: number
}

/** Searches all that the processes of a run logged, showed and stored for every secret that they saw. */
export function searchRecords(folder: string): Searched {
  const { secrets, codes } = collected(folder)
  const needles = createNeedles([...secrets.keys()])
  const leaks = new Set<string>()
  const sum: Searched = { leaks: [], secrets: secrets.size + codes.size, lines: 0, files: 0, bytes: 0 }

  for (const name of readdirSync(folder)) {
    const kind = /\.(log|metrics|database)$/.exec(name)?.[1]
    if (!kind) continue
    sum.files++
    let line = 1
    for (const { bytes, from } of chunks(join(folder, name))) {
      const where = (place: number) =>
        `${name}${kind === 'log' ? `, line ${line + newlines(bytes.subarray(0, place))}` : ''}`
      for (const { secret, form, place } of needles.find(bytes))
        leaks.add(`${secrets.get(secret)}, ${form}: ${where(place)}`)
      const text = bytes.toString('latin1')
      for (const pattern of kind === 'database' ? PATTERNS.database : PATTERNS.text)
        for (const { index } of text.matchAll(pattern)) leaks.add(`something like ${pattern.source}: ${where(index)}`)
      if (kind === 'log' || kind === 'metrics')
        for (const [, first = '', second = ''] of text.replace(NUMBERS[kind], '').matchAll(CODE))
          if (codes.has(first + second)) leaks.add(`a code of six digits: ${name}`)
      // The last bytes come again with the next chunk.
      line += newlines(bytes.subarray(0, bytes.length - OVERLAP))
      sum.bytes += bytes.length - from
      if (kind === 'log') sum.lines += newlines(bytes.subarray(from))
    }
  }
  return { ...sum, leaks: [...leaks].sort() }
}

function newlines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
}

/** A file in pieces; each begins with the end of the one before, up to `from`. */
function* chunks(path: string): Generator<{ bytes: Buffer; from: number }> {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(OVERLAP + CHUNK)
    let kept = 0
    for (;;) {
      const read = readSync(file, buffer, kept, CHUNK, null)
      if (read === 0) return
      const bytes = buffer.subarray(0, kept + read)
      yield { bytes, from: kept }
      const rest = bytes.subarray(Math.max(0, bytes.length - OVERLAP))
      kept = rest.copy(buffer)
    }
  } finally {
    closeSync(file)
  }
}
