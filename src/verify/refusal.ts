import { PosternError } from '../errors.ts'
import { problemBody } from '../problem.ts'

/** A refusal as it is sent (RFC 9457, RFC 6750 section 3). */
export interface Refusal {
  status: number
  headers: Record<string, string>
  body: string
}

/** Puts a refusal into words. What is not a refusal but a fault is thrown on. */
export function refusalOf(error: unknown, headers: Record<string, string>): Refusal {
  if (!(error instanceof PosternError)) throw error
  return {
    status: error.statusCode,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(error.retryAfter !== undefined && { 'retry-after': String(error.retryAfter) }),
      ...(error.statusCode === 401 && headers)
    },
    body: JSON.stringify(problemBody(error))
  }
}
