import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../core/oauth-error.ts'
import { fieldErrors } from '../field-errors.ts'
import { toProblem } from '../problem.ts'

/** Answers with an error as OAuth clients read it (RFC 6749 section 5.2); of an unforeseen one they learn nothing. */
export function sendOAuthError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, message, statusCode, retryAfter } = toOAuthError(error)
  if (statusCode >= 500) request.log.error({ err: error }, code)
  if (statusCode === 401) reply.header('www-authenticate', 'Basic realm="postern"')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(statusCode).send({ error: code, error_description: message })
}

function toOAuthError(error: FastifyError): OAuthError {
  if (error instanceof OAuthError) return error
  const { statusCode: status, message, retryAfter } = toProblem(error)
  if (error.validation) {
    const names = Object.keys(fieldErrors(error.validation)).join(', ')
    return new OAuthError('invalid_request', { description: `Missing or malformed: ${names}.` })
  }
  if (status >= 500) return new OAuthError(status === 503 ? 'temporarily_unavailable' : 'server_error', { retryAfter })
  if (status === 401) return new OAuthError('invalid_client')
  const description = status === 415 ? 'Send the body as application/x-www-form-urlencoded.' : message
  return new OAuthError('invalid_request', { description, status })
}
