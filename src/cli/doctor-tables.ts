import type { Work } from '../db/database.ts'
import { countForeignHashes } from '../db/inspect-foreign-hashes.ts'
import { type Inspection, inspectTables, type Reader } from '../db/reader.ts'
import type { Finding } from './finding.ts'

/** What a look at the tables of a store found: what to say about them, and the signing keys in them. */
export interface TableFindings extends Inspection {
  findings: Finding[]
}

/** Whether the tables are ours and up to date, and what is left of the passwords of another system. */
export function* checkTables(reader: Reader): Work<TableFindings> {
  const inspection = yield* inspectTables(reader)
  const { origin, missing } = inspection
  const findings = [tables(origin, missing)]
  if (origin === 'ours' && missing === 0) findings.push(...foreignHashes(yield* countForeignHashes(reader)))
  return { ...inspection, findings }
}

function tables(origin: Inspection['origin'], missing: number): Finding {
  if (origin === 'foreign') return ['fail', 'the database belongs to another program. Correct DATABASE_URL']
  if (origin === 'newer') return ['fail', 'a newer version of Postern has changed the tables. Run that version']
  if (origin === 'ours' && missing === 0) return ['ok', 'the tables are up to date']
  return ['warn', `the tables lack ${missing} of the migrations; the next start applies them, or: postern migrate`]
}

function foreignHashes(count: number): Finding[] {
  if (count === 0) return []
  const who = count === 1 ? '1 imported user has' : `${count} imported users have`
  return [['ok', `${who} not logged in yet: until then a password keeps the hash that it came with`]]
}
