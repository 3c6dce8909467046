import { type TProperties, Type } from 'typebox'

const DjangoError = Type.Object(
  {
    detail: Type.Optional(Type.String({ description: 'What is wrong, unless it is a field' })),
    code: Type.Optional(Type.String({ description: 'For programs; only where a token is refused' }))
  },
  {
    title: 'DjangoError',
    description: 'An error of Django REST framework: `detail`, or what is wrong by the name of the field',
    additionalProperties: Type.Array(Type.String())
  }
)

const RETRY = 'The service cannot answer now. Nothing was half done; a retry is safe.'
const refused = (detail: string) => ({ status: 401, value: { detail, code: 'token_not_valid' } })

const catalogue = {
  no_active_account: { status: 401, value: { detail: 'No active account found with the given credentials' } },
  email_not_verified: { status: 403, value: { detail: 'The e-mail address of the account is not confirmed yet.' } },
  invalid: refused('Token is invalid'),
  expired: refused('Token is expired'),
  wrong_type: refused('Token has wrong type'),
  blacklisted: refused('Token is blacklisted'),
  no_user: { status: 401, value: { detail: 'No active account found for the given token.' } },
  blacklisted_verified: { status: 400, value: { non_field_errors: ['Token is blacklisted'] } },
  too_large: { status: 413, value: { detail: 'The request body is larger than 64 KiB.' } },
  wrong_media_type: { status: 415, value: { detail: 'Unsupported media type "text/plain" in request.' } },
  throttled: { status: 429, value: { detail: 'Request was throttled. Expected available in 60 seconds.' } },
  unavailable: { status: 503, value: { detail: RETRY } },
  overloaded: {
    status: 503,
    value: { detail: 'Too many logins are waiting. Nothing was half done; a retry is safe.' }
  }
} as const satisfies Record<string, Example>

interface Example {
  status: number
  value: object
}

/** What a path of SimpleJWT with these fields can answer beside its success. */
export function simpleJwtErrors(body: { required?: readonly string[] }, ...own: Array<keyof typeof catalogue>) {
  const missing = Object.fromEntries((body.required ?? []).map(name => [name, ['This field is required.']]))
  const names = [...own, 'too_large', 'wrong_media_type', 'unavailable'] as const
  const all: Array<[string, Example]> = [
    ['missing', { status: 400, value: missing }],
    ...names.map((name): [string, Example] => [name, catalogue[name]])
  ]
  const byStatus = Map.groupBy(all, ([, { status }]) => status)
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, response(status, group)]))
}

const response = (status: number, group: Array<[string, Example]>) => ({
  description: group.map(([, { value }]) => `\`${JSON.stringify(value)}\``).join('\n\n'),
  ...(status in headers && { headers: headers[status] }),
  content: {
    'application/json': {
      schema: DjangoError,
      ...(group.length === 1
        ? { example: group[0]?.[1].value }
        : { examples: Object.fromEntries(group.map(([name, { value }]) => [name, { value }])) })
    }
  }
})

const retryAfter = { 'Retry-After': Type.Integer({ description: 'Seconds after which a retry makes sense' }) }

const headers: Record<number, object> = {
  401: { 'WWW-Authenticate': Type.String({ description: 'Always `Bearer realm="api"`' }) },
  429: retryAfter,
  503: retryAfter
}

/** The headers of an answer that holds tokens. */
export const uncachedTokens = { 'Cache-Control': Type.String({ description: 'Always `no-store`' }) }

/** A body of texts; fields that it does not name are ignored. */
export const simpleJwtBody = <Properties extends TProperties>(properties: Properties, title: string, example: object) =>
  Type.Object(properties, { title, examples: [example] })

/** What all paths of SimpleJWT have in common in their schemas. */
export const simpleJwtRoute = {
  tags: ['django'],
  security: [],
  consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data']
}
