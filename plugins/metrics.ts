import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { databaseFile } from '../src/config.ts'
import { logBytes } from '../src/db/log-size.ts'
import type { Metrics } from '../src/metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** None when AUTH_METRICS is off. */
    metrics: Metrics | undefined
  }
}

/** Counts requests for Prometheus; when AUTH_METRICS is off, nothing is counted or even loaded. */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    if (config.authMetrics === 'off') {
      server.decorate('metrics', undefined)
      return
    }
    const { createMetrics } = await import('../src/metrics.ts')
    const metrics = createMetrics(server.core.outbox, now)
    const file = databaseFile(config)
    if (file !== undefined)
      metrics.add('postern_database_log_bytes', 'Size of the write-ahead log of SQLite', () => logBytes(file))
    server.decorate('metrics', metrics)
    server.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions } = request
      metrics.observe({ method, route: routeOptions.url ?? '', status: reply.statusCode, took: reply.elapsedTime })
      done()
    })
  },
  { name: 'metrics', dependencies: ['core'] }
)
