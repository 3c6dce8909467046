import { createRequire } from 'node:module'
import type { Client, PoolClient } from 'pg'
import { StoreUnavailable } from './database.ts'
import { DriverError } from './postgres-faults.ts'

const pg = createRequire(import.meta.url)('pg') as typeof import('pg')

/** So long a request waits for a connection, and a statement for a lock; then it is answered 503. */
const PATIENCE_MS = 2_000
const STATEMENT_MS = 5_000
/** A server that answers nothing at all, not even that it gave a statement up, has gone. */
const SILENCE_MS = STATEMENT_MS + 1_000
const WAITING_LIMIT = 10_000
/** The server ends a connection over which it has heard nothing for so long: whoever had it has gone, or is frozen. */
export const IDLE_MS = 120_000

/** The oldest server with what the statements need. */
export const OLDEST_SERVER = 14

// Said to every connection, whatever the server's own settings are: what is answered 2xx survives a crash.
const SESSION = `
  SET synchronous_commit = on;
  SET default_transaction_isolation = 'read committed';
  SET TimeZone = 'UTC';
  SET DateStyle = 'ISO';
  SET client_min_messages = warning;
  SET statement_timeout = ${STATEMENT_MS};
  SET lock_timeout = ${PATIENCE_MS};
  SET idle_in_transaction_session_timeout = ${2 * STATEMENT_MS};
  SET idle_session_timeout = ${IDLE_MS};
`
const UNHURRIED = `
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SET idle_session_timeout = 0;
`
const STATE = `
  SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS "readOnly",
    current_setting('server_version_num')::int / 10000 AS version
`

/** A server that cannot serve as the store: a standby, one that reads only, or one of too old a version. */
export class UnfitServer extends Error {
  override readonly name = 'UnfitServer'
  // So that a reader of codes takes it for what it is: a server that cannot write.
  readonly code = '25006'
}

const settings = (url: string) => ({
  connectionString: url,
  application_name: 'postern',
  keepAlive: true,
  connectionTimeoutMillis: PATIENCE_MS,
  query_timeout: SILENCE_MS,
  // What does not wait for an answer goes out at once: BEGIN together with the first statement.
  pipeline: true
})

/** Makes a new connection what Postern relies on. Throws `UnfitServer`. */
async function setUp(client: Pick<Client, 'query'>): Promise<void> {
  const { rows } = await client.query(STATE)
  const { standby, readOnly, version } = rows[0]
  if (version < OLDEST_SERVER)
    throw new UnfitServer(`it is PostgreSQL ${version}; ${OLDEST_SERVER} or newer is needed. Update it`)
  if (standby) throw new UnfitServer('it is a standby, which only reads. Let DATABASE_URL name the primary')
  if (readOnly)
    throw new UnfitServer(
      'it is set to read only. Reset default_transaction_read_only of the database, its user or the server'
    )
  // After the version: an older server does not know all of them.
  await client.query(SESSION)
}

/**
 * A connection of its own, outside of the pool; `unhurried` for work that no request waits for, another `begin` for work
 * that writes nothing.
 */
export async function connectAlone(
  url: string,
  { unhurried = false, begin = setUp as (client: Client) => Promise<unknown> } = {}
): Promise<Client> {
  const client = new pg.Client({ ...settings(url), ...(unhurried && { query_timeout: undefined }) })
  // Whoever uses it hears of its end by its next query; without a listener the process would end.
  client.on('error', () => {})
  try {
    await client.connect()
    await begin(client)
    if (unhurried) await client.query(UNHURRIED)
    return client
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
}

/** The connections that requests share. */
export interface Connections {
  /** Lends a connection until `release`; waits 2 s for one. Rejects with `StoreUnavailable` or `DriverError`. */
  borrow(): Promise<PoolClient>
  close(): Promise<void>
}

/** At most `size` connections, opened when they are needed. */
export function poolConnections(url: string, size: number): Connections {
  const pool = new pg.Pool({ ...settings(url), max: size, idleTimeoutMillis: 60_000, onConnect: setUp })
  // An idle connection that breaks is replaced by the pool; whoever comes next gets another. Of one that is lent, its
  // borrower hears by its query; without a listener of its own the process would end.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))

  return {
    async borrow() {
      if (pool.ending) throw new StoreUnavailable('the database is closed')
      if (pool.waitingCount >= WAITING_LIMIT) throw new StoreUnavailable('too many requests wait for the database')
      return pool.connect().catch(error => {
        throw new DriverError(error)
      })
    },
    close: () => pool.end()
  }
}
