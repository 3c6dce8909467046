import { createHash } from 'node:crypto'
import { openSource, type Source } from './copy/source.ts'
import { type Pair, pairs, type Row, toRecord } from './copy/tables.ts'
import { openTarget, type Target } from './copy/target.ts'
import { StoreStartError } from './database.ts'

const BATCH = 1_000

/** How far a copy is. */
export interface CopyProgress {
  phase: 'copy' | 'check'
  table: string
  /** Of all tables together, in this phase. */
  done: number
  total: number
}

/** What was copied of each table: its rows, and the SHA-256 of all of them, the same in both databases. */
export type Copied = Array<{ table: string; rows: number; sha256: string }>

/**
 * Copies the whole store of a SQLite file into a Postgres database, then reads both again and compares every row. Nobody
 * can write to the file meanwhile. A copy that was interrupted is gone on with. Throws `StoreStartError`.
 */
export async function copyStore(path: string, url: string, show: (progress: CopyProgress) => void): Promise<Copied> {
  const source = openSource(path)
  try {
    const target = await openTarget(url, originOf(source))
    try {
      const copied = await copyAll(source, target, show)
      await target.finish()
      return copied
    } finally {
      await target.close()
    }
  } finally {
    source.close()
  }
}

async function copyAll(source: Source, target: Target, show: (progress: CopyProgress) => void): Promise<Copied> {
  const total = pairs.reduce((sum, pair) => sum + source.count(pair), 0)
  const counter = (phase: CopyProgress['phase']) => {
    let done = 0
    return (table: string, rows: number) => {
      done += rows
      show({ phase, table, done, total })
    }
  }
  const copied: Copied = []
  const filled = counter('copy')
  for (const pair of pairs) await fill(pair, source, target, filled)
  const checked = counter('check')
  for (const pair of pairs) copied.push(await compare(pair, source, target, checked))
  return copied
}

async function fill(
  pair: Pair,
  source: Source,
  target: Target,
  copied: (table: string, rows: number) => void
): Promise<void> {
  let after = await target.last(pair)
  copied(pair.name, after === undefined ? 0 : await target.count(pair))
  for (;;) {
    const rows = source.page(pair, after, BATCH)
    if (rows.length === 0) return
    await target.add(pair, rows)
    after = rows.at(-1)?.[pair.key.property]
    copied(pair.name, rows.length)
  }
}

async function compare(
  pair: Pair,
  source: Source,
  target: Target,
  checked: (table: string, rows: number) => void
): Promise<Copied[number]> {
  const hash = createHash('sha256')
  let after: unknown
  for (let count = 0; ; ) {
    const [wanted, found] = [source.page(pair, after, BATCH), await target.page(pair, after, BATCH)]
    const [texts, copies] = [wanted.map(row => textOf(pair, row)), found.map(row => textOf(pair, row))]
    const at = texts.findIndex((text, index) => text !== copies[index])
    if (at >= 0 || copies.length !== texts.length)
      throw new StoreStartError(
        `The copy of ${pair.name} is not what the file holds${at < 0 ? '' : ` (${pair.key.from.name} ${wanted[at]?.[pair.key.property]})`}: the file was changed after a first attempt. Make the Postgres database anew, then run this again.`
      )
    for (const text of texts) hash.update(`${text}\n`)
    count += wanted.length
    checked(pair.name, wanted.length)
    if (wanted.length === 0) return { table: pair.name, rows: count, sha256: hash.digest('hex') }
    after = wanted.at(-1)?.[pair.key.property]
  }
}

const textOf = (pair: Pair, row: Row): string => JSON.stringify(toRecord(pair, row))

/** What the same store keeps while it is copied in several attempts: its first key and its first user. */
function originOf(source: Source): string {
  const first = ({ key, ...pair }: Pair) => source.page({ key, ...pair }, undefined, 1)[0]?.[key.property]
  return createHash('sha256')
    .update(
      pairs
        .filter(({ name }) => name === 'users' || name === 'signing_keys')
        .map(first)
        .join()
    )
    .digest('hex')
}
