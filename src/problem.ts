import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply } from 'fastify'
import { StoreUnavailable } from './db/database.ts'
import { type ErrorCode, type FieldErrors, PosternError } from './errors.ts'
import { fieldErrors } from './field-errors.ts'

/** What Fastify and Node.js themselves refuse, in our words. */
const FRAMEWORK: Record<string, [ErrorCode, detail?: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['validation_failed', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['validation_failed', 'The body is empty; send JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['validation_failed', 'The body is not as long as its Content-Length says.'],
  FST_ERR_BAD_URL: ['validation_failed', 'The path is not a valid URL.'],
  HPE_HEADER_OVERFLOW: ['headers_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout']
}

/** Problem details as they are sent (RFC 9457). */
export interface ProblemBody {
  type: 'about:blank'
  title: string | undefined
  status: number
  detail: string
  code: ErrorCode
  errors?: FieldErrors
}

/** What a client may know of an error; of an unforeseen one it learns nothing. */
export function toProblem(error: FastifyError): PosternError {
  if (error instanceof PosternError) return error
  if (error instanceof StoreUnavailable) return new PosternError('unavailable', { retryAfter: 1, cause: error })
  if (error.validation) return new PosternError('validation_failed', { errors: fieldErrors(error.validation) })
  const [code, detail] = FRAMEWORK[error.code] ?? [known(error.statusCode)]
  return new PosternError(code, { detail, cause: error })
}

const known = (status = 500): ErrorCode => (status < 500 ? 'validation_failed' : 'internal_error')

/** The body of an error answer. */
export const problemBody = ({ statusCode: status, code, message: detail, errors }: PosternError): ProblemBody => ({
  type: 'about:blank',
  title: STATUS_CODES[status],
  status,
  detail,
  code,
  ...(errors && { errors })
})

/** Answers with a problem, and with the headers that go with its status. */
export function sendProblem(problem: PosternError, reply: FastifyReply): FastifyReply {
  const { statusCode: status, retryAfter } = problem
  if (status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(status).type('application/problem+json').send(problemBody(problem))
}
