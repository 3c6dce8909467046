import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { PosternError } from '../errors.ts'
import { toProblem } from '../problem.ts'

/** An error in the form of Django REST framework: `detail`, or what is wrong by the name of the field. */
export type ErrorBody = { detail: string; code?: string } | Record<string, string[]>

/** What a client of SimpleJWT is told. */
export class SimpleJwtError extends Error {
  override readonly name = 'SimpleJwtError'
  readonly statusCode: number
  readonly body: ErrorBody

  constructor(statusCode: number, body: ErrorBody, options?: ErrorOptions) {
    super(JSON.stringify(body), options)
    this.statusCode = statusCode
    this.body = body
  }
}

/** A token that is refused, with the sentence that says why. */
export const refusedToken = (detail: string): SimpleJwtError =>
  new SimpleJwtError(401, { detail, code: 'token_not_valid' })

const REFUSALS = {
  expired: { detail: 'Token is expired', code: 'token_not_valid' },
  ended: { detail: 'Token is blacklisted', code: 'token_not_valid' },
  inactive: { detail: 'No active account found for the given token.' }
}

/** Answers with an error as clients of SimpleJWT read it; of an unforeseen one they learn nothing. */
export function sendSimpleJwtError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode, body, retryAfter } = toAnswer(error, request)
  if (statusCode >= 500 && error.code !== 'overloaded') request.log.error({ err: error }, error.message)
  if (statusCode === 401) reply.header('www-authenticate', 'Bearer realm="api"')
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(statusCode).send(body)
}

function toAnswer(error: FastifyError, { headers }: FastifyRequest) {
  if (error instanceof SimpleJwtError) return { statusCode: error.statusCode, body: error.body, retryAfter: undefined }
  const problem = toProblem(error)
  const { statusCode, retryAfter } = problem
  return { statusCode, body: bodyOf(problem, headers['content-type'] ?? ''), retryAfter }
}

function bodyOf({ code, message, refusal, retryAfter }: PosternError, mediaType: string): ErrorBody {
  if (code === 'token_not_valid') return refusal ? REFUSALS[refusal] : { detail: 'Token is invalid', code }
  if (code === 'no_active_account') return { detail: 'No active account found with the given credentials' }
  if (code === 'unsupported_media_type') return { detail: `Unsupported media type "${mediaType}" in request.` }
  if (code === 'rate_limited') return { detail: `Request was throttled. Expected available in ${wait(retryAfter)}.` }
  return { detail: message }
}

const wait = (seconds = 1): string => `${seconds} second${seconds === 1 ? '' : 's'}`
