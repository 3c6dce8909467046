import type { Work } from './database.ts'
import { getTableName, sql } from './drizzle.ts'
import type { Reader } from './reader.ts'

/** What a Postgres server says about itself and about the user that asks. */
export interface ServerInspection {
  /** As people write it, such as 15.18, and as a number, such as 150018. */
  version: string
  versionNumber: number
  isStandby: boolean
  isReadOnly: boolean
  /** Whether what is committed is on the disk: fsync and full_page_writes. */
  isDurable: boolean
  /** Servers that follow this one, and whether a commit waits for one of them. */
  standbys: number
  isSynchronous: boolean
  /** Connections that this user may have at a time, in this database. */
  connections: number
  isEncrypted: boolean
  /** Whether the user may make tables where they belong. */
  mayCreate: boolean
  /** By how many milliseconds its clock is ahead of ours. */
  clockAhead: number
}

const on = (name: string) => sql<boolean>`current_setting('${sql.raw(name)}') = 'on'`
const number = (name: string) => sql.raw(`coalesce(current_setting('${name}', true)::int, 0)`)

/** Asks a Postgres server about itself; `now` is our clock, in milliseconds since 1970. */
export function* inspectServerState({ prepare }: Reader, now: () => number): Work<ServerInspection> {
  const state = prepare('inspect_server', q =>
    q
      .select({
        version: sql<string>`current_setting('server_version')`,
        versionNumber: sql<number>`current_setting('server_version_num')::int`,
        isStandby: sql<boolean>`pg_is_in_recovery()`,
        isReadOnly: on('default_transaction_read_only'),
        isDurable: sql<boolean>`${on('fsync')} AND ${on('full_page_writes')}`,
        standbys: sql<number>`(SELECT count(*)::int FROM pg_stat_replication)`,
        isSynchronous: sql<boolean>`current_setting('synchronous_standby_names') <> ''`,
        connections: sql<number>`least(
          ${number('max_connections')} - ${number('superuser_reserved_connections')} - ${number('reserved_connections')},
          (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
          (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))`,
        isEncrypted: sql<boolean>`coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)`,
        mayCreate: sql<boolean>`coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)`
      })
      .from(sql`(VALUES (1)) AS one`)
  )
  const clock = prepare('inspect_clock', q =>
    q.select({ time: sql<number>`extract(epoch FROM clock_timestamp())::float8 * 1000` }).from(sql`(VALUES (1)) AS one`)
  )
  const found = (yield* state())[0] as Omit<ServerInspection, 'clockAhead'>
  // The first time prepares it, too.
  yield* clock()
  const before = now()
  const [there] = yield* clock()
  return { ...found, clockAhead: Number(there?.time) - (before + now()) / 2 }
}

/** Those of our tables in which the user may not do what the service does. */
export function* inspectRights({ tables, prepare }: Reader): Work<string[]> {
  const may = (right: string) =>
    sql<boolean>`has_table_privilege(format('%I.%I', schemaname, tablename), '${sql.raw(right)}')`
  const rights = prepare('inspect_rights', q =>
    q
      .select({
        name: sql<string>`tablename`,
        read: may('SELECT'),
        write: sql<boolean>`${may('INSERT')} AND ${may('UPDATE')} AND ${may('DELETE')}`
      })
      .from(sql`pg_tables`)
      .where(sql`schemaname = current_schema()`)
  )
  const written = new Set([...Object.values(tables).map(getTableName), 'changes'])
  return (yield* rights())
    .filter(
      ({ name, read, write }) => (name === '__drizzle_migrations' && !read) || (written.has(name) && !(read && write))
    )
    .map(({ name }) => name)
}
