import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MailOutbox } from './core/mail-outbox.ts'

/** What Prometheus reads. */
export type Metrics = ReturnType<typeof createMetrics>

interface Answered {
  method: string
  /** The pattern of the route, never the path, which anybody can choose. */
  route: string
  status: number
  /** Milliseconds. */
  took: number
}

/** Figures of this process, its requests and the outbox, in a registry of their own. */
export function createMetrics(outbox: Pick<MailOutbox, 'summary' | 'counts'>, now: () => number) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const waiting = gauge('postern_mails_waiting', 'Mails that wait to be sent')
  const dead = gauge('postern_mails_dead', 'Mails that were given up in the last 7 days')
  const age = gauge('postern_mails_oldest_seconds', 'For how long the oldest mail waits')
  new Counter({
    name: 'postern_mail_attempts_total',
    help: 'What became of attempts to send a mail; dropped: a notice for which the outbox had no room',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      for (const [outcome, count] of Object.entries(outbox.counts())) this.inc({ outcome }, count)
    }
  })
  const requests = new Histogram({
    name: 'postern_request_seconds',
    help: 'How long answers took, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers
  })

  return {
    contentType: registry.contentType,
    /** One more figure, read whenever all are. */
    add(name: string, help: string, read: () => number): void {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        }
      })
    },
    observe({ method, route, status, took }: Answered): void {
      requests.observe({ method, route, status }, took / 1000)
    },
    /** All figures as text. Those of the outbox are NaN while the store does not answer. */
    async text(): Promise<string> {
      const found = await outbox.summary().catch(() => undefined)
      waiting.set(found?.waiting ?? Number.NaN)
      dead.set(found?.dead ?? Number.NaN)
      age.set(found ? Math.max(0, now() - (found.oldest ?? now())) / 1000 : Number.NaN)
      return registry.metrics()
    }
  }
}
