import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type Options, readEnvironment } from '../config.ts'
import { buildServer } from '../server.ts'
import { operator } from './operator.ts'

/** Does some work with the service, which runs without listening and closes afterwards. Stdout is left to the work. */
export async function withService<T>(
  work: (service: FastifyInstance) => Promise<T>,
  overrides: Options = {}
): Promise<T> {
  // Nothing that is counted in Redis is asked for by a command.
  const service = buildServer(
    { ...readEnvironment(process.env), redisUrl: undefined, ...overrides },
    { logger: warnings(), sendsMail: false }
  )
  try {
    await service.ready()
    service.core.actAs(operator())
    return await work(service)
  } finally {
    await service.close()
  }
}

/** Warnings and errors, on stderr and for a person. */
function warnings(): FastifyBaseLogger {
  const ignore = () => {}
  const say = (...[about, text]: unknown[]) => {
    const cause = (about as { err?: unknown } | null)?.err
    process.stderr.write(`postern: ${text ?? about}${cause instanceof Error ? `: ${cause.message}` : ''}\n`)
  }
  const logger: FastifyBaseLogger = {
    level: 'warn',
    silent: ignore,
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: say,
    error: say,
    fatal: say,
    child: () => logger
  }
  return logger
}
