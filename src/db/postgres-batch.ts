import type { PoolClient } from 'pg'
import type { Connections } from './postgres-connections.ts'
import { DriverError } from './postgres-faults.ts'
import { inOnePacket } from './postgres-run.ts'

/** So many wait for each other's locks at most: of those that share a connection the server runs one after the other. */
const MOST_TOGETHER = 8

type Use = (client: PoolClient) => Promise<unknown>

interface Job {
  readonly use: Use
  readonly settle: (outcome: Promise<unknown>) => void
}

/**
 * Lends connections to several at once who need no transaction: all that were asked for in one turn of the event loop send
 * in one packet, and each hears of its own statements. A packet of its own wakes the server for each of them, which
 * costs both sides more than the statement. Rejects as `use` does, and as `borrow` does.
 */
export function createBatches(connections: Connections) {
  let waiting: Job[] = []
  let asked = false

  function next(): void {
    if (asked || waiting.length === 0) return
    asked = true
    connections.borrow().then(serve, refuse)
  }

  function serve(client: PoolClient): void {
    asked = false
    const batch = waiting.slice(0, MOST_TOGETHER)
    waiting = waiting.slice(MOST_TOGETHER)
    next()
    const running = inOnePacket(client, () =>
      batch.map(({ use, settle }) => {
        const outcome = use(client)
        settle(outcome)
        return outcome
      })
    )
    Promise.allSettled(running).then(outcomes => {
      client.release(outcomes.some(one => one.status === 'rejected' && isBroken(one.reason)))
    })
  }

  function refuse(error: unknown): void {
    asked = false
    const refused = waiting
    waiting = []
    for (const { settle } of refused) settle(Promise.reject(error))
  }

  return <T>(use: (client: PoolClient) => Promise<T>): Promise<T> =>
    new Promise<T>(resolve => {
      if (waiting.length === 0 && !asked) setImmediate(next)
      waiting.push({ use, settle: outcome => resolve(outcome as Promise<T>) })
    })
}

const isBroken = (error: unknown): boolean => error instanceof DriverError && error.isBroken
