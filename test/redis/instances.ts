import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { build } from '../helper.ts'

const WARN = 40

/** One of several instances that share a Redis and a master secret. */
export interface Instance {
  app: FastifyInstance
  log(): string
  /** What was said about Redis, by level. */
  said(): { warnings: string[]; ends: number }
  /** Sends a login that does not fit, so that no hash is computed: it counts like any other. */
  knock(remoteAddress?: string): Promise<{ status: number; left: number; reset: number }>
  /** Whether /metrics says that Redis counts. */
  isInUse(): Promise<boolean>
}

/** Starts an instance with limits, and a log that can be read back. */
export async function instance(t: Test, redisUrl: string, options: Options = {}): Promise<Instance> {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    }
  })
  const shared: Options = { redisUrl, authSecret: 'o'.repeat(32), authRateLimit: 'on', authMetrics: 'on' }
  const app = await build(t, { ...shared, ...options }, { logger: pino({ level: 'trace' }, stream) })
  const lines = () =>
    text
      .split('\n')
      .filter(line => line.includes('Redis'))
      .map(line => JSON.parse(line))
  return {
    app,
    log: () => text,
    said: () => ({
      warnings: lines()
        .filter(({ level }) => level === WARN)
        .map(({ reason }) => reason),
      ends: lines().filter(({ level }) => level < WARN).length
    }),
    async knock(remoteAddress = '203.0.113.9') {
      const { statusCode, headers } = await app.inject({
        method: 'POST',
        url: '/api/login/',
        payload: {},
        remoteAddress
      })
      return {
        status: statusCode,
        left: Number(headers['ratelimit-remaining']),
        reset: Number(headers['ratelimit-reset'])
      }
    },
    isInUse: async () => (await app.inject('/metrics')).body.includes('\npostern_redis_in_use 1\n')
  }
}
