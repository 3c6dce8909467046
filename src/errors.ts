const catalogue = {
  validation_failed: [400, 'The request does not fit; see errors.'],
  invalid_link: [400, 'The link or code is unknown, used or expired. Ask for a new one.'],
  wrong_password: [400, 'The password is wrong.'],
  no_active_account: [401, 'No active account found with the given credentials.'],
  not_authenticated: [401, 'Authentication credentials were not provided.'],
  token_not_valid: [401, 'The token is malformed, expired, revoked or of the wrong kind.'],
  permission_denied: [403, 'You do not have permission to do this.'],
  step_up_required: [403, 'This needs a login of the last five minutes. Log in again, then repeat it.'],
  csrf_failed: [403, 'The request did not come from a page that may send it.'],
  email_not_verified: [403, 'The e-mail address of the account is not confirmed yet.'],
  not_found: [404, 'There is nothing here.'],
  request_timeout: [408, 'The request did not arrive in time.'],
  payload_too_large: [413, 'The request body is larger than 64 KiB.'],
  unsupported_media_type: [415, 'Send the body as application/json.'],
  rate_limited: [429, 'Too many attempts. Wait, then try again.'],
  headers_too_large: [431, 'The headers are larger than 16 KiB.'],
  internal_error: [500, 'Something went wrong here. The log has the details under the request id.'],
  unavailable: [503, 'The service cannot answer now. Nothing was half done; a retry is safe.'],
  overloaded: [503, 'Too many logins are waiting. Nothing was half done; a retry is safe.']
} as const satisfies Record<string, readonly [status: number, detail: string]>

/** The stable, public name of an error: clients may branch on it. */
export type ErrorCode = keyof typeof catalogue

/** What is wrong, by the name of the field. */
export type FieldErrors = Record<string, string[]>

/** Why a token is not valid, for those who must say so in another protocol; native answers never show it. */
export type Refusal = 'expired' | 'ended' | 'inactive'

interface Particulars {
  /** Replaces the sentence of the catalogue. */
  detail?: string
  errors?: FieldErrors
  /** Seconds after which a retry makes sense. */
  retryAfter?: number
  /** Of a token: its time is over, its session or itself was ended or spent, its user may not log in. */
  refusal?: Refusal
  cause?: unknown
}

/** An error that a client may see. Its code, status and texts are public; its `cause` is for the log only. */
export class PosternError extends Error {
  override readonly name = 'PosternError'
  readonly code: ErrorCode
  readonly statusCode: number
  readonly errors: FieldErrors | undefined
  readonly retryAfter: number | undefined
  readonly refusal: Refusal | undefined

  constructor(code: ErrorCode, { detail, errors, retryAfter, refusal, cause }: Particulars = {}) {
    const [status, sentence] = catalogue[code]
    super(detail ?? sentence, { cause })
    this.code = code
    this.statusCode = status
    this.errors = errors
    this.retryAfter = retryAfter
    this.refusal = refusal
  }
}

/** The service cannot start; the message tells a person why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Runs a check of a token: whatever is wrong with it, its sender learns only that it is not valid. */
export function rejecting<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (cause) {
    throw new PosternError('token_not_valid', { cause })
  }
}

/** The sentence of the catalogue for a code, for documentation. */
export const errorStatus = (code: ErrorCode): number => catalogue[code][0]

/** Every public code with its status, in the order of the catalogue. */
export const errorCodes = Object.keys(catalogue) as ErrorCode[]
