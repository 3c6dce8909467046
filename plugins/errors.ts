import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { StoreUnavailable } from '../src/db/database.ts'
import { type ErrorCode, PosternError } from '../src/errors.ts'
import { fieldErrors } from '../src/field-errors.ts'

/** What Fastify itself refuses, in our words. */
const FRAMEWORK: Record<string, [ErrorCode, detail?: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['validation_failed', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['validation_failed', 'The body is empty; send JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['validation_failed', 'The body is not as long as its Content-Length says.'],
  FST_ERR_BAD_URL: ['validation_failed', 'The path is not a valid URL.']
}

/** Every error leaves as application/problem+json (RFC 9457) with a stable code; nothing inner is shown. */
export default fp(
  async server => {
    server.setErrorHandler((error: FastifyError, request, reply) => {
      const problem = translate(error)
      if (problem.statusCode >= 500) request.log.error({ err: error }, problem.code)
      return send(problem, request, reply)
    })
    server.setNotFoundHandler((request, reply) => send(new PosternError('not_found'), request, reply))
  },
  { name: 'errors' }
)

function translate(error: FastifyError): PosternError {
  if (error instanceof PosternError) return error
  if (error instanceof StoreUnavailable) return new PosternError('unavailable', { retryAfter: 1, cause: error })
  if (error.validation) return new PosternError('validation_failed', { errors: fieldErrors(error.validation) })
  const [code, detail] = FRAMEWORK[error.code] ?? [known(error.statusCode)]
  return new PosternError(code, { detail, cause: error })
}

const known = (status = 500): ErrorCode => (status < 500 ? 'validation_failed' : 'internal_error')

function send(problem: PosternError, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode: status, code, message: detail, errors, retryAfter } = problem
  if (status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title: STATUS_CODES[status], status, detail, code, ...(errors && { errors }) })
}
