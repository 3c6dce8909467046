import { Type } from 'typebox'

const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people; may change' }),
    code: Type.String({ description: 'For programs; never changes' }),
    errors: Type.Optional(
      Type.Record(Type.String(), Type.Array(Type.String()), { description: 'What is wrong, by the name of the field' })
    )
  },
  { description: 'Problem details (RFC 9457)' }
)

interface Example {
  status: number
  title: string
  detail: string
  code: string
  errors?: Record<string, string[]>
}

const examples = {
  validation: {
    status: 400,
    title: 'Bad Request',
    detail: 'The request does not fit; see errors.',
    code: 'validation_failed',
    errors: { username: ['This field is required.'] }
  },
  wrongPassword: {
    status: 400,
    title: 'Bad Request',
    detail: 'The password is wrong.',
    code: 'wrong_password',
    errors: { old_password: ['The password is wrong.'] }
  },
  noActiveAccount: {
    status: 401,
    title: 'Unauthorized',
    detail: 'No active account found with the given credentials.',
    code: 'no_active_account'
  },
  notAuthenticated: {
    status: 401,
    title: 'Unauthorized',
    detail: 'Authentication credentials were not provided.',
    code: 'not_authenticated'
  },
  tokenNotValid: {
    status: 401,
    title: 'Unauthorized',
    detail: 'The token is malformed, expired, revoked or of the wrong kind.',
    code: 'token_not_valid'
  },
  permissionDenied: { status: 403, title: 'Forbidden', detail: 'Registration is closed.', code: 'permission_denied' },
  tooLarge: {
    status: 413,
    title: 'Payload Too Large',
    detail: 'The request body is larger than 64 KiB.',
    code: 'payload_too_large'
  },
  mediaType: {
    status: 415,
    title: 'Unsupported Media Type',
    detail: 'Send the body as application/json.',
    code: 'unsupported_media_type'
  },
  rateLimited: {
    status: 429,
    title: 'Too Many Requests',
    detail: 'Too many attempts. Wait, then try again.',
    code: 'rate_limited'
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    detail: 'The service cannot answer now. Nothing was half done; a retry is safe.',
    code: 'unavailable'
  },
  overloaded: {
    status: 503,
    title: 'Service Unavailable',
    detail: 'Too many logins are waiting. Nothing was half done; a retry is safe.',
    code: 'overloaded'
  }
} as const satisfies Record<string, Example>

export type ProblemName = keyof typeof examples

/** What every route with a JSON body can answer beside its own problems. */
export const bodyProblems = ['validation', 'tooLarge', 'mediaType', 'unavailable'] as const

/** The error responses of a route, by status, each with its examples. */
export function problems(...names: ProblemName[]) {
  const byStatus = Map.groupBy(names, name => examples[name].status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [status, { description: describe(group), content: content(group) }])
  )
}

const describe = (group: ProblemName[]) =>
  group.map(name => `\`${examples[name].code}\`: ${examples[name].detail}`).join(' ')

const content = (group: ProblemName[]) => ({
  'application/problem+json': {
    schema: Problem,
    examples: Object.fromEntries(group.map(name => [name, { value: { type: 'about:blank', ...examples[name] } }]))
  }
})
