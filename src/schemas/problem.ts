import { Type } from 'typebox'

/** Every error body (RFC 9457). */
const Problem = Type.Object(
  {
    type: Type.String({ description: 'Always `about:blank`: the `code` says what happened' }),
    title: Type.String({ description: 'The status in words' }),
    status: Type.Integer({ description: 'The status of the answer' }),
    detail: Type.String({ description: 'For people; may change' }),
    code: Type.String({ description: 'For programs; never changes' }),
    errors: Type.Optional(
      Type.Record(Type.String(), Type.Array(Type.String()), { description: 'What is wrong, by the name of the field' })
    )
  },
  { title: 'Problem', description: 'Problem details (RFC 9457)' }
)

const catalogue = {
  validation_failed: [400, 'Bad Request', 'The request does not fit; see errors.'],
  invalid_link: [400, 'Bad Request', 'The link or code is unknown, used or expired. Ask for a new one.'],
  wrong_password: [400, 'Bad Request', 'The password is wrong.'],
  no_active_account: [401, 'Unauthorized', 'No active account found with the given credentials.'],
  not_authenticated: [401, 'Unauthorized', 'Authentication credentials were not provided.'],
  token_not_valid: [401, 'Unauthorized', 'The token is malformed, expired, revoked or of the wrong kind.'],
  permission_denied: [403, 'Forbidden', 'You do not have permission to do this.'],
  step_up_required: [403, 'Forbidden', 'This needs a login of the last five minutes. Log in again, then repeat it.'],
  csrf_failed: [403, 'Forbidden', 'The request did not come from a page that may send it.'],
  email_not_verified: [403, 'Forbidden', 'The e-mail address of the account is not confirmed yet.'],
  not_found: [404, 'Not Found', 'There is nothing here.'],
  payload_too_large: [413, 'Payload Too Large', 'The request body is larger than 64 KiB.'],
  unsupported_media_type: [415, 'Unsupported Media Type', 'Send the body as application/json.'],
  rate_limited: [429, 'Too Many Requests', 'Too many attempts. Wait, then try again.'],
  unavailable: [503, 'Service Unavailable', 'The service cannot answer now. Nothing was half done; a retry is safe.'],
  overloaded: [503, 'Service Unavailable', 'Too many logins are waiting. Nothing was half done; a retry is safe.']
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>

type Code = keyof typeof catalogue

interface Particulars {
  detail?: string
  errors?: Record<string, string[]>
}

type Example = ReturnType<typeof problem>

/** A problem as it is sent; the particulars are those of one route. */
export function problem(code: Code, particulars: Particulars = {}) {
  const [status, title, detail] = catalogue[code]
  return { type: 'about:blank', title, status, detail, code, ...particulars }
}

/** What every route with this JSON body can answer beside its own problems. */
export const bodyProblems = (body: { required?: readonly string[] }): Example[] => [
  problem('validation_failed', {
    errors: Object.fromEntries((body.required ?? []).map(field => [field, ['This field is required.']]))
  }),
  problem('payload_too_large'),
  problem('unsupported_media_type'),
  problem('unavailable')
]

/** The error responses of a route by status: each names its codes, with an example and the headers that come along. */
export function problems(...found: Array<Code | Example>) {
  const all = found.map(one => (typeof one === 'string' ? problem(one) : one))
  const byStatus = Map.groupBy(all, ({ status }) => status)
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, response(status, group)]))
}

const response = (status: number, group: Example[]) => ({
  description: group.map(({ code, detail }) => `\`${code}\`: ${detail}`).join('\n\n'),
  ...(status in headers && { headers: headers[status] }),
  content: { 'application/problem+json': { schema: Problem, ...examples(group) } }
})

const examples = (group: Example[]) =>
  group.length === 1
    ? { example: group[0] }
    : { examples: Object.fromEntries(group.map(value => [value.code, { value }])) }

const retryAfter = { 'Retry-After': Type.Integer({ description: 'Seconds after which a retry makes sense' }) }

const rateLimit = {
  'RateLimit-Limit': Type.Integer({ description: 'Requests that a client has in one window' }),
  'RateLimit-Remaining': Type.Integer({ description: 'How many are left' }),
  'RateLimit-Reset': Type.Integer({ description: 'Seconds until the window ends' })
}

const headers: Record<number, object> = {
  401: { 'WWW-Authenticate': Type.String({ description: 'Asks for a bearer token (RFC 6750)' }) },
  429: { ...retryAfter, ...rateLimit },
  503: retryAfter
}
