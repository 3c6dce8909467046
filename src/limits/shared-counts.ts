import type { Count } from './counters.ts'
import { type Asked, openRedis, reasonOf } from './redis-client.ts'

/** What several instances count together, as long as Redis answers. */
export interface SharedCounts {
  isInUse(): boolean
  /**
   * Counts, within a tenth of a second; undefined means that Redis did not. `learn` gets what it has counted, however
   * late. Never rejects.
   */
  count(asked: Asked, learn: (found: Count) => void): Promise<Count | undefined>
  close(): void
}

/** Hears once of each outage, and once of its end. */
export interface Tell {
  lost(reason: string): void
  back(): void
}

/** How long a request waits for its count. */
const PATIENCE_MS = 100
/** How long a start waits for the first connection. */
const START_MS = 1000
/** How often Redis is asked, wanted or not: what is in use works, and what works is in use. */
const PROBE_MS = 500
/** Counts on their way: with a Redis that is too slow they would be more and more. */
const MOST_WAITING = 1000
const PROBE: Asked = { key: 'postern:probe', step: 1, length: 1000, known: { current: 0, ttl: 0 } }

/** Connects to Redis; when it cannot be reached, that is told, and tried on. */
export async function openSharedCounts(redisUrl: string, tell: Tell): Promise<SharedCounts> {
  const client = await openRedis(redisUrl)
  let inUse = true
  let closed = false
  let waiting = 0
  /** Whether the last count that was waited for did not come in time. */
  let missed = false

  function lose(error: unknown): void {
    if (!inUse || closed) return
    inUse = false
    tell.lost(reasonOf(error))
  }

  async function ask(asked: Asked, learn: (found: Count) => void): Promise<Count | undefined> {
    const missedBefore = missed
    waiting++
    const reply = client.count(asked).finally(() => {
      waiting--
    })
    reply.then(learn, lose)
    const found = await inTime(reply, PATIENCE_MS).catch(() => undefined)
    if (found) missed = false
    // One that is late may be chance. The next one, sent after that was known, is none.
    else if (missedBefore && missed) lose(timeout())
    else missed = true
    return found
  }

  async function probe(): Promise<void> {
    if (!client.isConnected() || waiting >= MOST_WAITING) return
    const found = await ask(PROBE, () => {})
    if (!found || inUse || closed) return
    inUse = true
    tell.back()
  }

  client.onLost(lose)
  await inTime(client.settled(), START_MS)
  if (!client.isConnected() || !(await ask(PROBE, () => {}))) lose(timeout())
  const probes = setInterval(probe, PROBE_MS).unref()

  return {
    isInUse: () => inUse && !closed,
    async count(asked, learn) {
      if (!inUse || closed || waiting >= MOST_WAITING) return undefined
      return ask(asked, learn)
    },
    close() {
      closed = true
      clearInterval(probes)
      client.close()
    }
  }
}

const timeout = () => Object.assign(new Error('Redis did not answer in time'), { code: 'ETIMEDOUT' })

/** The reply, or undefined when it takes longer. */
function inTime<Reply>(reply: Promise<Reply>, patience: number): Promise<Reply | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply | undefined>()
  // What arrived while this process was busy is read before it counts as missing.
  const timer = setTimeout(() => setImmediate(() => resolve(undefined)), patience)
  reply.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}
