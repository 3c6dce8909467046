import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import { PosternError } from '../src/errors.ts'
import { sendProblem, toProblem } from '../src/problem.ts'

/** Every error leaves as application/problem+json (RFC 9457) with a stable code; nothing inner is shown. */
export default fp(
  async server => {
    server.setErrorHandler((error: FastifyError, request, reply) => {
      const problem = toProblem(error)
      // A flood must not fill the log: of what is overloaded, the line of the request tells enough.
      if (problem.statusCode >= 500 && problem.code !== 'overloaded') request.log.error({ err: error }, problem.code)
      return sendProblem(problem, reply)
    })
    server.setNotFoundHandler((_request, reply) => sendProblem(new PosternError('not_found'), reply))
  },
  { name: 'errors' }
)
