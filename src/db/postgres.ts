import { type Database, type Queries, type Statement, StoreUnavailable, type Work } from './database.ts'
import { sql } from './drizzle.ts'
import { drizzle } from './drizzle-postgres.ts'
import { type Connections, connectAlone, poolConnections } from './postgres-connections.ts'
import { type Feed, openFeed } from './postgres-feed.ts'
import { migratePostgres } from './postgres-migrate.ts'
import type { Plan } from './postgres-run.ts'
import { explain, patiently } from './postgres-start.ts'
import { createRunner } from './postgres-transaction.ts'
import * as tables from './tables.postgres.ts'

const noValues: Record<string, unknown> = Object.freeze({})

/** What other instances keep in memory: whoever writes to it tells them. */
const announced = /^(?:insert into|update|delete from) "(?:users|revoked_jti|clients|signing_keys)"/

/**
 * Opens a database on a Postgres server, with at most `poolSize` connections and one more, creates or migrates its tables
 * and answers when it is ready for work. Waits up to 10 s for a server that is just starting. Rejects with `StoreStartError`.
 */
export async function openPostgres(url: string, poolSize: number): Promise<Database> {
  try {
    await patiently(() => migratePostgres(() => connectAlone(url, { unhurried: true })))
    return servePostgres(poolConnections(url, poolSize), await openFeed(() => connectAlone(url)))
  } catch (error) {
    throw explain(url, error)
  }
}

/** The `Database` over connections and the feed of what is changed through others; it is their only user, and closes them. */
export function servePostgres(connections: Connections, feed: Feed): Database {
  const runner = createRunner(connections)
  const offline = drizzle.mock() as unknown as Queries
  let closing: Promise<void> | undefined
  let writes = 0
  let onIdle = () => {}

  function prepare<Row>(name: string, build: (queries: Queries) => PromiseLike<Row[]>): Statement<Row> {
    const text = (build(offline) as unknown as { toSQL(): { sql: string } }).toSQL().sql
    const statement: Plan = { name, build, announces: announced.test(text) }
    return function* (values = noValues): Work<Row[]> {
      return (yield { statement, values }) as Row[]
    }
  }

  const take = prepare('hold', q =>
    q
      .select({ held: sql`pg_advisory_xact_lock(hashtextextended(${sql.placeholder('name')}, 0))` })
      .from(sql`(VALUES (1)) AS one`)
  )

  /** Resolves when what was written is durable, and in force here. */
  async function write<T>(way: 'single' | 'transaction', work: () => Work<T>): Promise<T> {
    if (closing) throw new StoreUnavailable('the database is closing')
    writes += 1
    let announces = false
    try {
      const value = await runner[way](work, plan => {
        announces ||= plan.announces
      })
      if (announces) await feed.announce()
      return value
    } catch (error) {
      // It may have been applied all the same: then whoever looks after a 503 sees it.
      if (announces && error instanceof StoreUnavailable) await feed.announce({ isCertain: false })
      throw error
    } finally {
      writes -= 1
      if (writes === 0) onIdle()
    }
  }

  async function close(): Promise<void> {
    if (writes > 0) await new Promise<void>(resolve => (onIdle = resolve))
    await feed.close()
    await connections.close()
  }

  return {
    tables: tables as unknown as Database['tables'],
    prepare,
    read: async work => {
      if (closing) throw new StoreUnavailable('the database is closed')
      return runner.read(work)
    },
    write: work => write('transaction', work),
    writeOnce: work => write('single', work),
    *hold(name) {
      yield* take({ name })
    },
    skipLocked: sql` for update skip locked`,
    epoch: feed.epoch,
    tells: true,
    returnsJoined: true,
    onChange: feed.onChange,
    close: () => {
      closing ??= close()
      return closing
    }
  }
}
