import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { isOpenToNobody } from '../tools/nobody.ts'
import { type PostgresServer, startPostgres } from '../tools/postgres.ts'
import type { Bench, Plan } from './bench.ts'
import type { Measurement } from './comparison.ts'
import type { Server } from './processes.ts'

/** Connections of each instance, and of pgbench. */
export const POOL = 10
const ROWS = 1_000

/** Starts a Postgres server with its own defaults, its data on the disk that is measured where its user gets there. */
export async function measuredServer({ folder }: Bench): Promise<PostgresServer> {
  const at = await folder()
  // Its user, who is not root, has to get through.
  await chmod(at, 0o711)
  if (process.getuid?.() === 0 && !isOpenToNobody(at)) return startPostgres()
  const before = process.env.TMPDIR
  process.env.TMPDIR = at
  try {
    return await startPostgres()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

/** Starts an instance over that server. */
export const startOn = async (server: PostgresServer, { startPostern, folder }: Bench): Promise<Server> => {
  const at = await folder()
  const settings = { DATABASE_URL: server.url, DATABASE_POOL: String(POOL), DATA_DIR: at }
  return startPostern(at, { ...settings, AUTH_SECRET: 'a master secret that only the bench has' })
}

const FILL = `
  CREATE TABLE bench_sessions (LIKE sessions INCLUDING ALL);
  INSERT INTO bench_sessions (id, user_id, jti, rotated_at, auth_time, amr, idle_expires_at, expires_at, created_at, last_used_at)
  SELECT 'session-' || n, (SELECT id FROM users ORDER BY id LIMIT 1), 'jti', now(), now(), '["pwd"]',
    now() + interval '1 day', now() + interval '30 days', now(), now()
  FROM generate_series(1, ${ROWS}) AS n;
  ANALYZE bench_sessions
`
const SCRIPT = `
\\set n random(1, ${ROWS})
UPDATE bench_sessions SET prev_jti = jti, jti = 'jti-' || :n, rotated_at = now(), last_used_at = now(),
  idle_expires_at = CASE WHEN now() + interval '1 day' < expires_at THEN now() + interval '1 day' ELSE expires_at END
WHERE id = 'session-' || :n AND revoked_at IS NULL AND idle_expires_at > now()
  AND EXISTS (SELECT 1 FROM users WHERE users.id = bench_sessions.user_id AND active)
RETURNING *;
`

/** The update of a refresh by pgbench, over rows that are like those of sessions, with as many connections. */
export async function pgbench(
  server: PostgresServer,
  { folder }: Bench,
  { seconds }: Plan
): Promise<() => Promise<Measurement>> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(FILL)
  await client.end()
  const at = await folder()
  await chmod(at, 0o755)
  const script = join(at, 'refresh.sql')
  await writeFile(script, SCRIPT)
  const time = String(Math.max(1, Math.round(seconds)))
  const options = ['-n', '-M', 'prepared', '-c', String(POOL), '-j', '2', '-T', time, '-f', script, 'postgres']
  return async () => {
    const printed = server.run('pgbench', ...options)
    const rate = Number(/^tps = ([\d.]+)/m.exec(printed)?.[1])
    if (!(rate > 0)) throw new Error(`pgbench said ${printed}`)
    return { rate }
  }
}
