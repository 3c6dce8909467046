import type { Client } from 'pg'
import { StoreStartError } from '../database.ts'
import { asc, gt } from '../drizzle.ts'
import { drizzle, type postgres } from '../drizzle-postgres.ts'
import { connectAlone } from '../postgres-connections.ts'
import { migratePostgres, UNFINISHED } from '../postgres-migrate.ts'
import { explain, patiently } from '../postgres-start.ts'
import { type Pair, pairs, type Row, toRecord } from './tables.ts'

export type Target = Awaited<ReturnType<typeof openTarget>>

/**
 * Opens a Postgres database to be filled, with its tables up to date. It must be empty, or hold a part of a copy of the
 * same origin; while it does no service starts on it. Throws `StoreStartError`.
 */
export async function openTarget(url: string, origin: string) {
  const connect = () => connectAlone(url, { unhurried: true })
  const client = await prepare(connect, url, origin)
  const queries = drizzle(client)
  const table = ({ to }: Pair) => to as unknown as Parameters<ReturnType<typeof drizzle>['$count']>[0]

  return {
    count: (pair: Pair): Promise<number> => queries.$count(table(pair)),
    /** The highest key that is there; undefined in an empty table. */
    async last({ name, key }: Pair): Promise<unknown> {
      const column = client.escapeIdentifier(key.to.name)
      const { rows } = await client.query(
        `SELECT ${column} AS last FROM ${client.escapeIdentifier(name)} ORDER BY ${column} DESC LIMIT 1`
      )
      return rows[0] && key.to.mapFromDriverValue(rows[0].last)
    },
    /** As `page` of the source. */
    async page({ to, key }: Pair, after: unknown, limit: number): Promise<Row[]> {
      const from = to as unknown as ReturnType<typeof postgres.pgTable>
      return queries
        .select()
        .from(from)
        .where(after === undefined ? undefined : gt(key.to, after))
        .orderBy(asc(key.to))
        .limit(limit)
    },
    /** Adds rows, all or none. */
    async add(pair: Pair, rows: Row[]): Promise<void> {
      const name = client.escapeIdentifier(pair.name)
      await client.query(`INSERT INTO ${name} SELECT * FROM json_populate_recordset(null::${name}, $1::json)`, [
        JSON.stringify(rows.map(row => toRecord(pair, row)))
      ])
    },
    /** The copy is complete and right: services may start on it. */
    finish: async (): Promise<void> => void (await client.query(`DROP TABLE ${UNFINISHED}`)),
    close: (): Promise<void> => client.end()
  }
}

async function prepare(connect: () => Promise<Client>, url: string, origin: string): Promise<Client> {
  try {
    await patiently(() => migratePostgres(connect, { unfinished: true }))
    const client = await connect()
    try {
      await claim(client, origin)
      return client
    } catch (error) {
      await client.end()
      throw error
    }
  } catch (error) {
    throw explain(url, error)
  }
}

async function claim(client: Client, origin: string): Promise<void> {
  const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS begun', [UNFINISHED])
  if (rows[0].begun) {
    const { rowCount } = await client.query(`SELECT FROM ${UNFINISHED} WHERE origin = $1`, [origin])
    if (rowCount === 1) return
    throw new StoreStartError(
      'The database that is to be filled holds a part of a copy of another one. Give this copy an empty one.'
    )
  }
  for (const { name } of pairs) {
    const { rowCount } = await client.query(`SELECT FROM ${client.escapeIdentifier(name)} LIMIT 1`)
    if (rowCount)
      throw new StoreStartError(
        `The database that is to be filled is not empty: it has rows in ${name}. Give the copy an empty one.`
      )
  }
  await client.query(`CREATE TABLE ${UNFINISHED} AS SELECT $1::text AS origin`, [origin])
}
