import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type ClientErrors, createClientErrors } from './client-errors.ts'
import type { RefusalLog } from './refusal-log.ts'

/** What the service keeps for its own files, and for those that it reads now and then. */
const OWN_DESCRIPTORS = 100

/**
 * Bounds the connections of a server: those beyond `most`, or beyond what the descriptors of the process allow, are closed
 * as they come. Requests to become a tunnel (CONNECT) are refused. Gives what refuses a connection that sends no requests.
 */
export function boundConnections(server: Server, most: number, log: RefusalLog): ClientErrors {
  const refuse = createClientErrors(log)
  server.maxConnections = Math.max(1, Math.min(most, descriptors() - OWN_DESCRIPTORS))
  server.on('drop', dropped => log(dropped?.remoteAddress, 'too many connections'))
  server.on('connect', (_request, socket) => refuse(Object.assign(new Error(), { code: 'CONNECT' }), socket as Socket))
  return refuse
}

/** How many files and sockets the process may have open. Where Linux does not tell, as many as it likes. */
function descriptors(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
