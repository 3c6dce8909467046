import type { Config } from '../config.ts'
import { StoreStartError, type Work } from '../db/database.ts'
import { inspectServer } from '../db/inspect-postgres.ts'
import { inspectRights, inspectServerState, type ServerInspection } from '../db/inspect-server.ts'
import { OLDEST_SERVER } from '../db/postgres-connections.ts'
import { GRANT, placeOf } from '../db/postgres-start.ts'
import type { Inspection, Reader } from '../db/reader.ts'
import { isLoopback } from '../loopback.ts'
import { checkTables, type TableFindings } from './doctor-tables.ts'
import type { Finding } from './finding.ts'

const LARGEST_SKEW_MS = 30_000

interface Seen extends TableFindings {
  server: ServerInspection
  /** Tables that the user may not read or write. */
  closed: string[]
}

/** Whether the Postgres server can be the store, and its tables are up to date; returns the signing keys in it. */
export async function* checkPostgres(config: Config): AsyncGenerator<Finding, Inspection['keys']> {
  try {
    const seen = await inspectServer(config.databaseUrl, look)
    yield* judge(config, seen)
    return seen.keys
  } catch (error) {
    if (!(error instanceof StoreStartError)) throw error
    yield ['fail', error.message]
    return []
  }
}

function* look(reader: Reader): Work<Seen> {
  const server = yield* inspectServerState(reader, Date.now)
  const closed = yield* inspectRights(reader)
  // Without the right to read there is nothing to be seen in them.
  const tables = closed.length > 0 ? hidden : yield* checkTables(reader)
  return { ...tables, server, closed }
}

const hidden: TableFindings = { origin: 'ours', applied: 0, missing: 0, keys: [], findings: [] }

function* judge(
  { databaseUrl, databasePool }: Config,
  { server, closed, missing, findings }: Seen
): Generator<Finding> {
  const place = placeOf(databaseUrl)
  yield Math.floor(server.versionNumber / 10_000) < OLDEST_SERVER
    ? ['fail', `${place} is PostgreSQL ${server.version}. Update it to ${OLDEST_SERVER} or newer`]
    : ['ok', `${place} answers, PostgreSQL ${server.version}`]
  yield encryption(databaseUrl, server)
  yield* durability(server)
  yield connections(databasePool, server)
  yield clock(server)
  yield rights(closed, missing > 0 && !server.mayCreate)
  yield* findings
}

function encryption(url: string, { isEncrypted }: ServerInspection): Finding {
  const parsed = URL.parse(url)
  const host = parsed?.searchParams.get('host') ?? parsed?.hostname ?? ''
  if (host === '' || host.startsWith('/') || isLoopback(host)) return ['ok', 'the database is on this machine']
  if (!isEncrypted)
    return [
      'warn',
      `what the database says goes to ${host} and back in the clear, password hashes too. Add sslmode=verify-full to DATABASE_URL`
    ]
  return parsed?.searchParams.get('sslmode') === 'no-verify'
    ? [
        'warn',
        `nobody checks that ${host} is the database: sslmode is no-verify. Set sslmode=verify-full in DATABASE_URL`
      ]
    : ['ok', `the connection to ${host} is encrypted`]
}

function* durability({
  isStandby,
  isReadOnly,
  isDurable,
  standbys,
  isSynchronous
}: ServerInspection): Generator<Finding> {
  if (isStandby) yield ['fail', 'the database is a standby, which only reads. Let DATABASE_URL name the primary']
  else if (isReadOnly)
    yield [
      'fail',
      'the database is set to read only. Reset default_transaction_read_only of the database, its user or the server'
    ]
  yield isDurable
    ? ['ok', 'what is committed is on the disk (fsync; Postern itself sets synchronous_commit)']
    : [
        'fail',
        'a crash loses what was committed, and may damage the rest. Set fsync and full_page_writes of the server to on'
      ]
  if (standbys > 0 && !isSynchronous)
    yield [
      'warn',
      'no commit waits for a standby: whoever is promoted may lack the last logouts. Set synchronous_standby_names of the server'
    ]
}

function connections(pool: number, { connections: most }: ServerInspection): Finding {
  const each = pool + 1
  const fitting = Math.floor(most / each)
  const said = `the server gives this user ${most} connections, and an instance takes up to ${each} of them`
  if (fitting === 0) return ['fail', `${said}. Lower DATABASE_POOL, or raise max_connections`]
  if (fitting === 1)
    return [
      'warn',
      `${said}: a second one, or the next one at an update, gets none. Lower DATABASE_POOL, or raise max_connections`
    ]
  return ['ok', `${said}: enough for ${fitting} instances`]
}

function clock({ clockAhead }: ServerInspection): Finding {
  if (Math.abs(clockAhead) <= LARGEST_SKEW_MS) return ['ok', 'the clock is that of the database server']
  const seconds = Math.round(Math.abs(clockAhead) / 1000)
  return [
    'fail',
    `the clock is ${seconds} s ${clockAhead > 0 ? 'behind' : 'ahead of'} that of the database server: instances would judge tokens differently. Set both (NTP)`
  ]
}

function rights(closed: string[], lacksCreate: boolean): Finding {
  if (closed.length > 0)
    return [
      'fail',
      `the user of DATABASE_URL may not read and write ${closed.join(', ')}. As their owner: ${GRANT} TO the user`
    ]
  if (lacksCreate)
    return [
      'fail',
      'the user of DATABASE_URL may not make the tables that are missing. Let it own the database, or run postern migrate as a user who may'
    ]
  return ['ok', 'the user of DATABASE_URL has the rights that it needs']
}
