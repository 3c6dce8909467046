const catalogue = {
  invalid_request: [400, 'A parameter is missing, malformed or given twice.'],
  invalid_client: [401, 'Client authentication failed.'],
  unauthorized_client: [400, 'The token was issued to another client.'],
  unsupported_grant_type: [400, 'The only grant_type here is client_credentials.'],
  invalid_scope: [400, 'The client may not have this scope.'],
  server_error: [500, 'Something went wrong here.'],
  temporarily_unavailable: [503, 'The service cannot answer now. Nothing was half done; a retry is safe.']
} as const satisfies Record<string, readonly [status: number, description: string]>

/** The error codes of RFC 6749 (sections 4.1.2.1 and 5.2) that are in use here. */
export type OAuthErrorCode = keyof typeof catalogue

interface Particulars {
  /** Replaces the sentence of the catalogue; without quotes and backslashes (RFC 6749 section 5.2). */
  description?: string | undefined
  status?: number
  /** Seconds after which a retry makes sense. */
  retryAfter?: number | undefined
  cause?: unknown
}

/** What a client of the OAuth endpoints may see of an error; its `cause` is for the log only. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: OAuthErrorCode
  readonly statusCode: number
  readonly retryAfter: number | undefined

  constructor(code: OAuthErrorCode, { description, status, retryAfter, cause }: Particulars = {}) {
    const [usual, sentence] = catalogue[code]
    super(description ?? sentence, { cause })
    this.code = code
    this.statusCode = status ?? usual
    this.retryAfter = retryAfter
  }
}
