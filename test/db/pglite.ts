import { createRequire } from 'node:module'
import { PGlite } from '@electric-sql/pglite'
import pg, { type Client, type PoolClient, type QueryConfig } from 'pg'
import type { Connections } from '../../src/db/postgres-connections.ts'

const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils') as { prepareValue(value: unknown): unknown }

/** Every type that our columns and statements have, in both directions: as pg has it, texts. */
const OIDS = Object.values(pg.types.builtins).filter(oid => typeof oid === 'number')
const asText = Object.fromEntries(OIDS.map(oid => [oid, String]))

type Asked = string | (QueryConfig & { rowMode?: 'array' })

/** A Postgres inside this process, with what the driver expects of pg. It has one session, which is lent in turns. */
export async function inProcessPostgres() {
  const db = await PGlite.create()
  const names = new Map<string, string>()
  let turn: Promise<unknown> = Promise.resolve()
  let sent: Promise<unknown> = Promise.resolve()

  async function send(asked: Asked, given?: unknown[]) {
    const {
      text,
      values = given,
      types = pg.types,
      rowMode,
      name
    } = typeof asked === 'string' ? { text: asked } : (asked as QueryConfig & { rowMode?: 'array' })
    if (name !== undefined) demandOwnName(name, text)
    const parsers = Object.fromEntries(
      OIDS.map(oid => [oid, types.getTypeParser(oid, 'text') as (text: string) => unknown])
    )
    if (values === undefined) return (await db.exec(text, { rowMode, parsers })).at(-1)
    return db.query(text, values.map(prepareValue), { rowMode, parsers, serializers: asText })
  }

  /** As pg does, which says so only when the second one is sent over the same connection. */
  function demandOwnName(name: string, text: string): void {
    if (Buffer.byteLength(name) > 63) throw new Error(`${name} is longer than the server reads`)
    if ((names.get(name) ?? text) !== text) throw new Error(`${name} names two statements`)
    names.set(name, text)
  }

  /** One after the other, in the order in which they were asked. */
  function query(asked: Asked, values?: unknown[]) {
    const answer = sent.then(() => send(asked, values))
    sent = answer.catch(() => {})
    return answer
  }

  /** Waits until nobody has the session. */
  async function take(): Promise<() => void> {
    const before = turn
    const { promise, resolve } = Promise.withResolvers<void>()
    turn = promise
    await before
    return resolve
  }

  return {
    close: async () => {
      if (!db.closed) await db.close()
    },
    /** Forgets everything: another database would need another session. */
    async clear(): Promise<void> {
      await db.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
      names.clear()
    },
    connections: (): Connections => ({
      async borrow() {
        const release = await take()
        return { query, release } as unknown as PoolClient
      },
      close: async () => {}
    }),
    /** For the feed, which asks between the transactions of the others. */
    async connect(): Promise<Client> {
      const unsubscribes: Array<() => void> = []
      return {
        async query(asked: Asked, values?: unknown[]) {
          const release = await take()
          return query(asked, values).finally(release)
        },
        on: (_event: string, listener: () => void) => unsubscribes.push(db.onNotification(listener)),
        end: async () => {
          for (const unsubscribe of unsubscribes) unsubscribe()
        }
      } as unknown as Client
    },
    /** For the migrations, whose transaction nobody may come between. */
    async connectAlone(): Promise<Client> {
      const release = await take()
      return { query, end: async () => release() } as unknown as Client
    }
  }
}
