import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import type { Work } from './database.ts'
import type { Connections } from './postgres-connections.ts'
import { DriverError, translate } from './postgres-faults.ts'
import { inOnePacket, type Plan, run } from './postgres-run.ts'

const ATTEMPTS = 10
/** Full jitter up to this, doubled with each attempt: those who were in each other's way do not meet again. */
const FIRST_PAUSE_MS = 5

/** Ways to run work on a borrowed connection. Each rejects with the errors of `Database`. */
export interface Runner {
  /** Statement by statement, each by itself. */
  read<T>(work: Work<T>): Promise<T>
  /** The same; run again where the server gave a statement up for another transaction. */
  single<T>(work: () => Work<T>, onSend: (plan: Plan) => void): Promise<T>
  /** As one transaction; run again where the server gave it up for another one. */
  transaction<T>(work: () => Work<T>, onSend: (plan: Plan) => void): Promise<T>
}

const asDriverError = (error: unknown): never => {
  throw new DriverError(error)
}

/** Runs work on the connections of a pool, and gives each back whatever happens. */
export function createRunner(connections: Connections): Runner {
  async function lend<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await connections.borrow()
    let broken = false
    try {
      return await use(client)
    } catch (error) {
      broken = error instanceof DriverError && error.isBroken
      throw error
    } finally {
      client.release(broken)
    }
  }

  /** Tries again what failed for the sake of another transaction. */
  async function persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await attempt()
      } catch (error) {
        const isOver = !(error instanceof DriverError && error.isRetryable) || tried === ATTEMPTS
        if (isOver) throw translate(error)
      }
      await sleep(Math.random() * FIRST_PAUSE_MS * 2 ** tried)
    }
  }

  async function transact<T>(client: PoolClient, work: Work<T>, onSend: (plan: Plan) => void): Promise<T> {
    // Not awaited: it goes out together with the first statement. If it fails, that fails too.
    const begin = () => {
      const begun = client.query('BEGIN').catch(asDriverError)
      begun.catch(() => {})
      return { begun, value: run(client, work, { onSend, begun }) }
    }
    try {
      const { begun, value } = inOnePacket(client, begin)
      const result = await value
      await begun
      const { command } = await client.query('COMMIT').catch(asDriverError)
      // A transaction that failed unnoticed is "committed" by rolling it back, without an error.
      if (command !== 'COMMIT') throw new Error(`the transaction ended with ${command}`)
      return result
    } catch (error) {
      if (!(error instanceof DriverError && error.isBroken)) await client.query('ROLLBACK').catch(asDriverError)
      throw error
    }
  }

  return {
    read: work =>
      lend(client => run(client, work)).catch(error => {
        throw translate(error)
      }),
    single: (work, onSend) => persist(() => lend(client => run(client, work(), { onSend }))),
    transaction: (work, onSend) => persist(() => lend(client => transact(client, work(), onSend)))
  }
}
