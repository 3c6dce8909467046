import type { Redis } from 'ioredis'
import type { Count } from './counters.ts'
import { redisAddress } from './redis-url.ts'

/** One count to be made. */
export interface Asked {
  key: string
  /** 1 counts a request, 0 only looks. */
  step: 0 | 1
  /** The window, in milliseconds. */
  length: number
  /** What is known to be counted before this one: Redis does not count from less, whatever it has forgotten. */
  known: Count
}

/** A connection to Redis that comes back by itself. */
export interface RedisClient {
  /** Counts in one round trip; rejects when Redis refuses, or cannot be reached now. */
  count(asked: Asked): Promise<Count>
  isConnected(): boolean
  /** Resolves as soon as it is connected, or has failed to. */
  settled(): Promise<void>
  /** Calls back with the reason whenever the connection is lost. */
  onLost(lost: (reason: unknown) => void): void
  close(): void
}

const SECOND = 1000

/**
 * A window begins with its first request and does not move; its key goes when it ends. A key that is not ours (another
 * type, no count, no end or one too far away) is written anew.
 */
const COUNT = `
local step, length, known, knownLeft = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local held, left = tonumber(redis.pcall('GET', KEYS[1])) or 0, redis.call('PTTL', KEYS[1])
if not (held > 0 and held < 1e15 and left > 0 and left <= length) then held, left = 0, 0 end
if known > held and knownLeft > 0 then
  held = known
  if left == 0 then left = knownLeft end
end
if held == 0 and step == 1 then left = length end
if held + step > 0 then redis.call('SET', KEYS[1], string.format('%.0f', held + step), 'PX', left) end
return {held + step, left}`

type Counting = Redis & {
  posternCount(key: string, step: number, length: number, known: number, left: number): Promise<[number, number]>
}

/** Begins to connect, and goes on with it for ever. `redisUrl` has no problem. */
export async function openRedis(redisUrl: string): Promise<RedisClient> {
  const { Redis } = await import('ioredis')
  const redis = new Redis({
    ...redisAddress(redisUrl),
    connectionName: 'postern',
    connectTimeout: SECOND,
    disconnectTimeout: 50,
    // A server that is frozen, or behind a cut line, keeps no connection that looks alive.
    socketTimeout: SECOND,
    retryStrategy: times => Math.min(100 * 2 ** times, SECOND),
    // One that still loads its data refuses to count, which is noticed without asking.
    enableReadyCheck: false,
    // What cannot be counted now is counted here: nothing waits for a connection, and nothing is sent twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0
  }) as Counting
  redis.defineCommand('posternCount', { numberOfKeys: 1, lua: COUNT })
  let failure: unknown
  redis.on('error', error => {
    failure = error
  })
  redis.on('ready', () => {
    failure = undefined
  })

  return {
    async count({ key, step, length, known }) {
      const [current, ttl] = await redis.posternCount(key, step, length, known.current, Math.ceil(known.ttl))
      return { current, ttl }
    },
    isConnected: () => redis.status === 'ready',
    settled: () =>
      new Promise(resolve => {
        redis.once('ready', resolve)
        redis.once('close', resolve)
      }),
    onLost: lost =>
      void redis.on('close', () =>
        lost(failure ?? Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' }))
      ),
    close: () => redis.disconnect()
  }
}

/** Why Redis does not count, in one word that has nothing of its URL in it: errors of ioredis hold the password. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (/^socket timeout/i.test(message)) return 'ETIMEDOUT'
  return /^[A-Z][A-Z0-9_]{1,39}$/.exec(code ?? '')?.[0] ?? /^[A-Z]{2,20}(?= )/.exec(message)?.[0] ?? 'UNKNOWN'
}
