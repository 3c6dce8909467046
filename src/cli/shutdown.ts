import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'

const LIMIT_MS = 10_000
const PATIENCE_MS = 8_000
const ANSWERED = 'http.server.response.finish'

/** Ends the process gracefully on a signal (exit code 0), and after an error that nothing caught (logged, exit code 1). */
export function endGracefully(server: FastifyInstance): void {
  // Without beforeExit, which would turn the exit code of a failed start into 0.
  closeWithGrace({ delay: LIMIT_MS, logger: server.log, skip: ['beforeExit'] }, async ({ signal, err }) => {
    if (err) server.log.fatal({ err }, 'an error that nothing caught; the service ends')
    else server.log.info(`${signal}: answering what is in flight, then ending`)
    await drain(server)
  })
}

/**
 * Closes the service once the requests in flight are answered. Idle connections do not hold it up, and after `patience`
 * milliseconds nothing does: clients that dawdle are cut off.
 */
export async function drain(server: FastifyInstance, patience = PATIENCE_MS): Promise<void> {
  // Closing a server closes the connections that are idle by then; the others would be kept alive after their answers.
  const closeIdle = (answer: unknown) =>
    setImmediate(() => (answer as { server: Server }).server.closeIdleConnections())
  subscribe(ANSWERED, closeIdle)
  const overdue = setTimeout(() => {
    server.log.warn('clients that did not finish their requests are cut off')
    server.server.closeAllConnections()
  }, patience)
  try {
    await server.close()
  } finally {
    unsubscribe(ANSWERED, closeIdle)
    clearTimeout(overdue)
  }
}
