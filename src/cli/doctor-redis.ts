import type { Config } from '../config.ts'
import { reasonOf } from '../limits/redis-client.ts'
import { redisAddress } from '../limits/redis-url.ts'
import { isLoopback } from '../loopback.ts'
import type { Finding } from './finding.ts'

const PATIENCE_MS = 3_000
const OLDEST = 6

/** Whether the Redis of REDIS_URL answers, can count and forgets nothing. Never names its user or password; writes nothing. */
export async function* checkRedis({ redisUrl }: Pick<Config, 'redisUrl'>): AsyncGenerator<Finding> {
  if (redisUrl === undefined) return
  const { host, port, password } = redisAddress(redisUrl)
  const name = `Redis at ${host}:${port}`
  if (password === undefined && !isLoopback(host))
    yield [
      'warn',
      `REDIS_URL has no password: whoever reaches ${host} can clear the counts of all limits. Set requirepass there, and give it`
    ]
  try {
    yield* judge(name, await inform(redisUrl))
  } catch (error) {
    yield [
      'fail',
      `${name} does not let us in: ${reasonOf(error)}. Each instance counts for itself until it does. Check REDIS_URL, and that server`
    ]
  }
}

function* judge(name: string, info: Record<string, string>): Generator<Finding> {
  const version = info.valkey_version ?? info.redis_version ?? '0'
  yield Number.parseInt(version, 10) >= OLDEST
    ? ['ok', `${name} answers, version ${version}`]
    : ['warn', `${name} has version ${version}: nothing before ${OLDEST} was tried. Update it`]
  if (info.role === 'slave')
    yield [
      'fail',
      `${name} is a replica, and cannot count: each instance counts for itself. Let REDIS_URL name the primary`
    ]
  const policy = info.maxmemory_policy ?? 'noeviction'
  if (Number(info.maxmemory) > 0 && policy !== 'noeviction')
    yield [
      'warn',
      `${name} drops counts when its memory is full (maxmemory-policy ${policy}). Set noeviction, or give the limits a Redis of their own`
    ]
}

/** What Redis says about itself. Rejects when it cannot be asked. */
async function inform(redisUrl: string): Promise<Record<string, string>> {
  const { Redis } = await import('ioredis')
  const redis = new Redis({
    ...redisAddress(redisUrl),
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    disconnectTimeout: 50,
    retryStrategy: null,
    maxRetriesPerRequest: 0
  })
  let failure: unknown
  redis.on('error', error => {
    failure ??= error
  })
  try {
    await redis.connect()
    const lines = (await redis.info()).split('\r\n').map(line => line.split(':'))
    if (failure) throw failure
    return Object.fromEntries(lines.map(([key = '', ...rest]) => [key, rest.join(':')]))
  } catch (error) {
    throw failure ?? error
  } finally {
    redis.disconnect()
  }
}
