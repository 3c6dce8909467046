import type { Client } from 'pg'
import type { Work } from './database.ts'
import { connectAlone } from './postgres-connections.ts'
import { reader } from './postgres-reader.ts'
import { run } from './postgres-run.ts'
import { explain } from './postgres-start.ts'
import type { Reader } from './reader.ts'

// One moment of everything; a standby shows it too. Nothing may end it while somebody thinks about what was read.
const BEGIN = `
  SET TimeZone = 'UTC';
  SET DateStyle = 'ISO';
  SET idle_in_transaction_session_timeout = 0;
  BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
`

/**
 * Looks into a database on a Postgres server without changing it; whoever writes meanwhile is neither seen nor held up.
 * Rejects with `StoreStartError`.
 */
export async function inspectServer<T>(url: string, look: (reader: Reader) => Work<T>): Promise<T> {
  let client: Client | undefined
  try {
    client = await connectAlone(url, { begin: fresh => fresh.query(BEGIN) })
    return await run(client, look(reader))
  } catch (error) {
    throw explain(url, error)
  } finally {
    await client?.end().catch(() => {})
  }
}
