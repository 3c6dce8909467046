import { generateKeyPairSync, randomInt, sign } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { readEnvironment } from '../../src/config.ts'
import { LIST_SIZE } from '../../src/core/status-claim.ts'
import { buildServer } from '../../src/server.ts'
import { count, type Row } from '../figure.ts'
import { databaseIn, settingsOf } from '../settings.ts'
import { median } from '../statistics.ts'

const DAY = 86_400_000
/** Above what keeps a service from building lists all the time. */
const PAUSE_MS = 150
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/**
 * A status list in a file with a million sessions, one in a hundred of them ended: read, encoded, compressed and
 * signed, against nothing but compressing the same bytes and signing the same text.
 */
export const statusList: Row = async ({ plan, folder }) => {
  const sessions = plan.quick ? 10_000 : 1_000_000
  const at = await folder()
  const options = { ...readEnvironment(settingsOf(at)), logLevel: 'silent' as const }
  const first = buildServer(options)
  await first.ready()
  await first.close()
  const ended = new Set<number>()
  while (ended.size < sessions / 100) ended.add(randomInt(sessions))
  fillSessions(databaseIn(at), sessions, ended)
  const bytes = Buffer.alloc(LIST_SIZE / 8)
  for (const index of ended) bytes[index >> 3] = (bytes[index >> 3] as number) | (1 << (index & 7))
  let turned = 0
  const service = buildServer(options, { now: () => Date.now() + turned })
  await service.ready()
  const rounds: Array<{ built: number; limit: number }> = []
  for (let round = 0; round <= plan.rounds; round++) {
    turned += 60_000
    await sleep(PAUSE_MS)
    const begun = performance.now()
    const { jwt } = await service.core.statusLists.get(0)
    const built = performance.now() - begun
    const limit = timed(() => {
      deflateSync(bytes)
      sign('sha256', Buffer.from(jwt), privateKey)
    })
    if (round === 0) continue // Only warms up.
    process.stderr.write(`  ${round}: ${built.toFixed(1)} ms, limit ${limit.toFixed(1)} ms\n`)
    rounds.push({ built, limit })
  }
  await service.close()
  const value = median(rounds.map(({ built }) => built))
  const limit = median(rounds.map(round => round.limit))
  return [
    {
      label: `Building the status list of ${count(sessions)} sessions, 1 % of them ended`,
      measured: `${value.toFixed(1)} ms (${(value / limit).toFixed(1)} times its limit)`,
      limit: `zlib and one signature: ${limit.toFixed(1)} ms`,
      value,
      unit: 'ms',
      most: 50,
      details: rounds
    }
  ]
}

/** Fills a database with the sessions of one user, and ends those whose indexes are given. */
function fillSessions(file: string, sessions: number, ended: Set<number>): void {
  const db = new Sqlite(file)
  const now = Date.now()
  const values = { sessions, now, later: now + DAY }
  db.transaction(() => {
    db.prepare(`insert into users
      (id, username, username_key, email_verified, password_version, roles, profile, active, created_at)
      values ('u', 'u', 'u', 1, 1, '[]', '{}', 1, ?)`).run(now)
    db.prepare(`with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < @sessions)
      insert into sessions (id, user_id, jti, rotated_at, auth_time, amr, idle_expires_at, expires_at, created_at,
        last_used_at, status_index)
      select hex(randomblob(16)), 'u', hex(randomblob(11)), @now, @now, '["pwd"]', @later, @later, @now, @now, n
      from numbers`).run(values)
    const end = db.prepare('update sessions set revoked_at = ?, status_index = null where status_index = ?')
    const add = db.prepare('insert into status_entries (status_index, invalid, free_from) values (?, 1, ?)')
    for (const index of ended) {
      end.run(now, index)
      add.run(index, now + DAY)
    }
  })()
  db.close()
}

function timed(work: () => void): number {
  const begun = performance.now()
  work()
  return performance.now() - begun
}
