import type { Duplex } from 'node:stream'
import type { Client, ClientBase } from 'pg'
import { type Bound, type Queries, UniqueViolation, type Work } from './database.ts'
import { drizzle } from './drizzle-postgres.ts'
import { DriverError, translate } from './postgres-faults.ts'

/** How a statement is made for a connection: the server prepares it for one, so each connection keeps its own. */
export interface Plan {
  readonly name: string
  readonly build: (queries: Queries) => unknown
  /** Whether it changes what other instances keep in memory. */
  readonly announces: boolean
}

interface Prepared {
  execute(values: Record<string, unknown>): Promise<unknown[]>
}

/** What a connection has prepared so far. */
interface Kept {
  readonly queries: Queries
  readonly statements: Map<Plan, Prepared>
}

const kept = new WeakMap<ClientBase, Kept>()

/** Sends one statement; on its first time on this connection the server prepares it. */
function send(client: ClientBase, { statement, values }: Bound): Promise<unknown[]> {
  const plan = statement as Plan
  let own = kept.get(client)
  if (!own) {
    own = { queries: drizzle(client as Client) as unknown as Queries, statements: new Map() }
    kept.set(client, own)
  }
  let prepared = own.statements.get(plan)
  if (!prepared) {
    prepared = (plan.build(own.queries) as { prepare(name: string): Prepared }).prepare(plan.name)
    own.statements.set(plan, prepared)
  }
  return prepared.execute(storable(values))
}

/**
 * Postgres has no text with U+0000. What is stored never has it, so whatever is looked for by such a name is not found, as
 * it is on SQLite.
 */
function storable(values: Record<string, unknown>): Record<string, unknown> {
  const has = (value: unknown) => typeof value === 'string' && value.includes('\0')
  if (!Object.values(values).some(has)) return values
  const clean = (value: unknown) => (has(value) ? String(value).replaceAll('\0', '\uFFFD') : value)
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, clean(value)]))
}

/** What is sent meanwhile leaves in one packet: each of its own wakes the server, which costs as much as the statement. */
export function inOnePacket<T>(client: ClientBase, send: () => T): T {
  const { connection } = client as { connection?: { stream: Duplex } }
  connection?.stream.cork()
  try {
    return send()
  } finally {
    connection?.stream.uncork()
  }
}

/**
 * Runs work to its end, statement by statement; `onSend` hears of each. Work whose first statement was sent together with
 * what it depends on goes no further until that has `begun`. A broken constraint is thrown into the work; another failure
 * ends the work (its `finally` blocks run) and is thrown here as `DriverError`.
 */
export async function run<T>(
  client: ClientBase,
  work: Work<T>,
  { onSend = (_plan: Plan) => {}, begun = Promise.resolve() as Promise<unknown> } = {}
): Promise<T> {
  let step = work.next()
  while (!step.done) {
    let rows: unknown[]
    try {
      onSend(step.value.statement as Plan)
      rows = await send(client, step.value)
      await begun
    } catch (thrown) {
      const error = new DriverError(thrown)
      const fault = translate(error)
      if (!(fault instanceof UniqueViolation)) {
        end(work)
        throw error
      }
      work.throw(fault)
      throw new Error(`work went on after a ${fault.message}`)
    }
    step = work.next(rows)
  }
  return step.value
}

// Not thrown into the work: the transaction may be gone already, and what the work did next would run outside of any.
function end<T>(work: Work<T>): void {
  try {
    work.return(undefined as T)
  } catch {
    // What a `finally` block throws says less than the fault that led there.
  }
}
