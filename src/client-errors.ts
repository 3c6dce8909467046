import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError } from 'fastify'
import { problemBody, toProblem } from './problem.ts'

/** Answers what is not even a request (RFC 9110 section 15.5) in the form of every other error, and hangs up. */
export function refuseConnection(error: Error, socket: Socket): void {
  const { code } = error as NodeJS.ErrnoException
  // Nobody is there any more, or an answer has begun already.
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
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
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
