import type { Test } from 'tap'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open.ts'
import { servePostgres } from '../../src/db/postgres.ts'
import { openFeed } from '../../src/db/postgres-feed.ts'
import { migratePostgres } from '../../src/db/postgres-migrate.ts'
import { postgresDatabase, postgresServer } from '../own-database.ts'
import { inProcessPostgres } from './pglite.ts'

/** A database that is there for the tests of this process. */
export interface Kind {
  name: string
  /** Several instances over one new database; closed when the test ends. */
  open(t: Test, instances?: number): Promise<Database[]>
  close(): Promise<void>
}

/** SQLite, a Postgres in this process, and the server of POSTERN_TEST_POSTGRES where there is one. */
export async function kinds(): Promise<Kind[]> {
  const inProcess = await inProcessPostgres()
  const each = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make))
  const closing = async (t: Test, opening: Promise<Database[]>) => {
    const opened = await opening
    t.teardown(() => Promise.all(opened.map(db => db.close())))
    return opened
  }

  const sqlite: Kind = {
    name: 'SQLite',
    open: (t, instances = 1) => {
      const url = `sqlite:${t.testdir({})}/postern.db`
      return closing(
        t,
        each(instances, () => openDatabase(url))
      )
    },
    close: async () => {}
  }

  const pglite: Kind = {
    name: 'PGlite',
    async open(t, instances = 1) {
      await inProcess.clear()
      await migratePostgres(inProcess.connectAlone)
      return closing(
        t,
        each(instances, async () => servePostgres(inProcess.connections(), await openFeed(inProcess.connect)))
      )
    },
    close: inProcess.close
  }

  if (!postgresServer) return [sqlite, pglite]
  const server = postgresServer
  const postgres: Kind = {
    name: 'Postgres',
    async open(t, instances = 1) {
      const url = await postgresDatabase(t, server)
      return closing(
        t,
        each(instances, () => openDatabase(url, 4))
      )
    },
    close: async () => {}
  }
  return [sqlite, pglite, postgres]
}
