import type Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import { commit } from '../../src/core/audit-commitments.ts'
import { trailService } from './trail.ts'

/** A row of the trail, as whoever has the file sees it. */
export interface Row {
  id: string
  at: number
  event: string
  user_id: string
  session_id: string
  ip: string
  detail: string
  digest: string
  salt: string
}

/** Three seals, the second of which has the deletion of eve, and two rows behind them. */
export async function sealedTrail(t: Test): Promise<string> {
  const { app, http, path, minute } = await trailService(t)
  await http.register()
  await http.register('eve')
  const eve = await http.login('eve')
  await http.login()
  await minute()
  for (let times = 0; times < 3; times++) await http.post('/api/login/', { username: 'ada', password: 'wrong' })
  const headers = { authorization: `Bearer ${eve.access}` }
  await http.send({ method: 'DELETE', url: '/api/me/', payload: { password: 'correct horse' }, headers })
  await minute()
  await http.login()
  await http.login()
  await minute()
  await http.login()
  await http.login()
  await app.close()
  return path
}

export const rowsOf = (sqlite: Sqlite.Database) =>
  sqlite.prepare('SELECT * FROM audit_events ORDER BY id').all() as Row[]
export const rowAt = (sqlite: Sqlite.Database, at: number) => rowsOf(sqlite).at(at) as Row
export const put = (sqlite: Sqlite.Database, row: Row) =>
  sqlite
    .prepare('INSERT INTO audit_events VALUES (@id, @at, @event, @user_id, @session_id, @ip, @detail, @digest, @salt)')
    .run(row)
/** The id between this one and all that are higher. */
export const next = (id: string) => id.slice(0, -1) + ((Number.parseInt(id.slice(-1), 16) + 1) % 16).toString(16)
/** A row with a commitment that fits, as somebody makes it who does not have the key. */
export function recommit(row: Row): Row {
  const { id, at, event, user_id: userId, session_id: sessionId, ip, detail } = row
  const content = { id, at, event, userId, sessionId, ip, detail: JSON.parse(detail) }
  return { ...row, ...commit(content, Buffer.from('a guess')) }
}
