import { closeSync, openSync, readFileSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'

/** One way to damage a file; `at` sweeps from 0 up to 1, `ids` are those of people in it. */
interface Injury {
  name: string
  file: '' | '-wal' | '-shm'
  harm(path: string, at: number, random: () => number, ids: string[]): void
}

const offsetIn = (path: string, at: number): number => Math.floor(at * statSync(path).size)

/** Changes some bytes, each by `change`. */
function alter(path: string, from: number, count: number, change: (byte: number) => number): void {
  const bytes = Buffer.alloc(count)
  const descriptor = openSync(path, 'r+')
  const found = readSync(descriptor, bytes, 0, count, from)
  writeSync(descriptor, bytes.subarray(0, found).map(change), 0, found, from)
  closeSync(descriptor)
}

const flipBit: Injury['harm'] = (path, at, random) => {
  const mask = 1 << Math.floor(random() * 8)
  alter(path, offsetIn(path, at), 1, byte => byte ^ mask)
}
const scramble: Injury['harm'] = (path, at, random) =>
  alter(path, offsetIn(path, at), 64, () => Math.floor(random() * 256))
const cut: Injury['harm'] = (path, at) => truncateSync(path, offsetIn(path, at))
const zeroPage: Injury['harm'] = (path, at) => alter(path, Math.floor(offsetIn(path, at) / 4096) * 4096, 4096, () => 0)
const zeroHeader: Injury['harm'] = path => alter(path, 0, 100, () => 0)
const flipInHeader: Injury['harm'] = (path, at, random) => {
  const mask = 1 << Math.floor(random() * 8)
  alter(path, Math.floor(at * 100), 1, byte => byte ^ mask)
}

/** The head of an entry in an index of ids: lengths and types of what follows, 36 letters and the number of the row. */
const ENTRY = Buffer.from([0x03, 0x55, 0x01])

/** The entries of somebody's id lead to a neighbour's row: no checksum and no check of the structure notices. */
const crossIndex: Injury['harm'] = (path, at, _random, ids) => {
  const bytes = readFileSync(path)
  const entry = Buffer.concat([ENTRY, Buffer.from(ids[Math.floor(at * ids.length)] ?? '')])
  for (let from = bytes.indexOf(entry); from >= 0; from = bytes.indexOf(entry, from + 1))
    alter(path, from + entry.length, 1, row => row ^ 1)
}

/** The database is what most of them meet: its rows have no checksums, while its log has. */
export const injuries: Injury[] = [
  { name: 'a flipped bit', file: '', harm: flipBit },
  { name: 'scrambled bytes', file: '', harm: scramble },
  { name: 'a zeroed page', file: '', harm: zeroPage },
  { name: 'a flipped bit', file: '', harm: flipBit },
  { name: 'a crossed entry of an index', file: '', harm: crossIndex },
  { name: 'a flipped bit in the header', file: '', harm: flipInHeader },
  { name: 'cut off', file: '', harm: cut },
  { name: 'a zeroed header', file: '', harm: zeroHeader },
  { name: 'a flipped bit', file: '-wal', harm: flipBit },
  { name: 'scrambled bytes', file: '-wal', harm: scramble },
  { name: 'cut off', file: '-wal', harm: cut },
  { name: 'a zeroed header', file: '-wal', harm: zeroHeader },
  { name: 'scrambled bytes', file: '-shm', harm: scramble },
  { name: 'cut off', file: '-shm', harm: cut }
]
