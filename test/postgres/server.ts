import type { Test } from 'tap'
import { type PostgresServer, postgresPrograms, startPostgres } from '../../tools/postgres.ts'
import { postgresServer } from '../own-database.ts'

/** Why tests that need a server are left out on this machine; false where they are not. */
export const skip =
  postgresServer || postgresPrograms() || process.env.POSTERN_REQUIRE_POSTGRES === '1'
    ? false
    : 'PostgreSQL is not installed'

/** The URL of a server that this file's tests share, as its superuser: one that is there, or one of their own. */
export async function anyServer(t: Test): Promise<string> {
  return postgresServer ?? (await ownServer(t)).url
}

/** A server that a test may stop; gone when the test ends. */
export async function ownServer(t: Test, settings: string[] = ['fsync=off']): Promise<PostgresServer> {
  const server = await startPostgres(settings)
  t.teardown(() => server.remove())
  return server
}
