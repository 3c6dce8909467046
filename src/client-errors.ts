import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError } from 'fastify'
import { problemBody, toProblem } from './problem.ts'
import type { RefusalLog } from './refusal-log.ts'

/** Node.js keeps here which answer has its turn on a connection, and tells it in no other way. */
type Answering = Socket & { _httpMessage?: ServerResponse | null }

/** How what is not even a request is refused. */
export type ClientErrors = (error: Error, socket: Socket) => void

/**
 * Answers what is not even a request (RFC 9110 section 15.5) in the form of every other error, logs it, and hangs up. What
 * was asked before on the same connection gets its own answer first, and then the connection ends.
 */
export function createClientErrors(log: RefusalLog): ClientErrors {
  const refused = new WeakSet<Socket>()

  return (error, socket) => {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    // Nobody is there any more.
    if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
      socket.destroy()
      return
    }
    // The parser complains about every piece that still arrives.
    if (refused.has(socket)) return
    refused.add(socket)
    log(socket.remoteAddress, code)
    const inFlight = (socket as Answering)._httpMessage
    // A refusal now would be read as the answer to the request that is in flight.
    if (inFlight?.req.complete) inFlight.shouldKeepAlive = false
    else if (inFlight?.headersSent) socket.destroy()
    else socket.end(refusal(code))
  }
}

function refusal(code: string): string {
  const problem = toProblem(Object.assign(new Error(), { code, statusCode: 400 }) as FastifyError)
  const body = JSON.stringify(problemBody(problem))
  const head = [
    `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}`,
    'content-type: application/problem+json; charset=utf-8',
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close'
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
