import { read } from './inspect.ts'

/** A row of the trail as it is stored. */
interface StoredRow {
  id: string
  at: number
  event: string
  userId: string | null
  sessionId: string | null
  ip: string | null
  detail: unknown
  digest: string | null
  salt: string | null
}

/** A seal as it is stored. */
interface StoredSeal {
  id: string
  throughId: string
  rows: number
  hash: string
  signature: string
  kid: string
  at: number
}

/** The audit trail of a SQLite file at one moment; rows and seals are read one by one. */
export interface AuditInspection {
  purgedThrough: string | undefined
  seals: Iterable<StoredSeal>
  rows: Iterable<StoredRow>
  hasUsers: boolean
  isDeleted(userId: string): boolean
  countAnonymous(userId: string): number
}

/** Shows the trail to `look` and changes nothing; whoever writes meanwhile is neither seen nor held up. Throws as `inspect` does. */
export const inspectAudit = <T>(path: string, look: (trail: AuditInspection) => T): T =>
  read(path, sqlite => {
    sqlite.prepare('BEGIN').run()
    const select = (sql: string) => sqlite.prepare(sql)
    const mark = select(
      `SELECT detail FROM audit_events WHERE event = 'sys_audit_purged' ORDER BY id DESC LIMIT 1`
    ).pluck()
    const purge = parsed(mark.get()) as { through?: string } | null | undefined
    const purgedThrough = purge ? `${purge.through}` : undefined
    const deletion = select(`SELECT 1 FROM audit_events WHERE user_id = ? AND event = 'user_deleted' LIMIT 1`)
    const user = select('SELECT 1 FROM users WHERE id = ?')
    const anonymous = select('SELECT count(*) FROM audit_events WHERE user_id = ? AND salt IS NULL').pluck()
    const seals = select(
      `SELECT id, through_id AS throughId, rows, hash, signature, kid, at FROM audit_seals WHERE through_id >= ? ORDER BY through_id`
    )
    const rows = select(
      `SELECT id, at, event, user_id AS userId, session_id AS sessionId, ip, detail, digest, salt FROM audit_events WHERE id > ? ORDER BY id`
    )
    return look({
      purgedThrough,
      seals: seals.iterate(purgedThrough ?? '') as Iterable<StoredSeal>,
      rows: withDetail(rows.iterate(purgedThrough ?? '') as Iterable<StoredRow>),
      hasUsers: select('SELECT 1 FROM users LIMIT 1').get() !== undefined,
      isDeleted: id => deletion.get(id) !== undefined && user.get(id) === undefined,
      countAnonymous: id => anonymous.get(id) as number
    })
  })

function* withDetail(rows: Iterable<StoredRow>): Generator<StoredRow> {
  for (const row of rows) yield { ...row, detail: parsed(row.detail) }
}

/** What is no JSON is not what Postern wrote, and stays as it is. */
function parsed(text: unknown): unknown {
  try {
    return JSON.parse(text as string)
  } catch {
    return text
  }
}
