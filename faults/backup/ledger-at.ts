import { readFileSync, writeFileSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import type { Entry } from '../harness/knowledge.ts'
import { type Ledger, openLedger } from '../harness/ledger.ts'

type Sent = Extract<Entry, { sent: unknown }>

/**
 * What was known when a copy of the database was made: acknowledged is what was answered before `asOf`, and what was under
 * way may be in the copy or not. Who changed two things meanwhile is left out; `leftOut` says how many.
 */
export function ledgerAt(file: string, asOf: number, copy: string, into: string): { ledger: Ledger; leftOut: number } {
  const until = Math.max(asOf, newestIn(copy))
  const entries = entriesOf(file)
  const sent = new Map(entries.filter(isSent).map(entry => [entry.n, entry]))
  const answeredAt = new Map(entries.flatMap(entry => ('status' in entry ? [[entry.n, entry.at]] : [])))
  const underWay = [...sent.values()].filter(
    ({ n, at }) => at <= until && (answeredAt.get(n) ?? Number.POSITIVE_INFINITY) >= asOf
  )
  const seen = new Set<string>()
  const leftOut = new Set<string>()
  for (const { sent } of underWay) (seen.has(sent.user) ? leftOut : seen).add(sent.user)

  const known = entries.filter(entry => {
    if ('breach' in entry || leftOut.has(sent.get(entry.n)?.sent.user ?? '')) return false
    return 'sent' in entry ? entry.at <= until : entry.at < asOf
  })
  writeFileSync(into, known.map(entry => `${JSON.stringify(entry)}\n`).join(''))
  return { ledger: openLedger(into), leftOut: leftOut.size }
}

/** Every line of a ledger. */
export const entriesOf = (file: string): Entry[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

const isSent = (entry: Entry): entry is Sent => 'sent' in entry

/** Nothing that was sent after the newest row of a copy was written can be in it. */
function newestIn(copy: string): number {
  const sqlite = new Sqlite(copy, { readonly: true })
  try {
    return Number(
      sqlite
        .prepare('SELECT max((SELECT max(at) FROM audit_events), (SELECT max(last_used_at) FROM sessions))')
        .pluck()
        .get()
    )
  } finally {
    sqlite.close()
  }
}
