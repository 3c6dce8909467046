import { type TProperties, Type } from 'typebox'

/** Every error body at /oauth/ (RFC 6749 section 5.2). */
const OAuthError = Type.Object(
  {
    error: Type.String({ description: 'For programs; never changes' }),
    error_description: Type.String({ description: 'For people; may change' })
  },
  { title: 'OAuthError', description: 'An error as OAuth clients read it (RFC 6749 section 5.2)' }
)

const catalogue = {
  invalid_request: [400, 'A parameter is missing, malformed or given twice.'],
  unauthorized_client: [400, 'The token was issued to another client.'],
  unsupported_grant_type: [400, 'The only grant_type here is client_credentials.'],
  invalid_scope: [400, 'The client may not have this scope.'],
  invalid_client: [401, 'Client authentication failed.'],
  too_large: [413, 'The request body is larger than 64 KiB.', 'invalid_request'],
  wrong_type: [415, 'Send the body as application/x-www-form-urlencoded.', 'invalid_request'],
  too_many: [429, 'Too many attempts. Wait, then try again.', 'temporarily_unavailable'],
  unavailable: [
    503,
    'The service cannot answer now. Nothing was half done; a retry is safe.',
    'temporarily_unavailable'
  ]
} as const satisfies Record<string, readonly [status: number, description: string, error?: string]>

type Name = keyof typeof catalogue
interface Example {
  status: number
  value: { error: string; error_description: string }
}

/** What every route for clients can answer, and its own errors; `missing` names the parameters that it needs. */
export function oauthErrors(missing: string[], ...own: Name[]) {
  const all: Name[] = [...own, 'invalid_client', 'too_large', 'wrong_type', 'too_many', 'unavailable']
  const malformed = { error: 'invalid_request', error_description: `Missing or malformed: ${missing.join(', ')}.` }
  const examples = [{ status: 400, value: malformed }, ...all.map(example)]
  const byStatus = Map.groupBy(examples, ({ status }) => status)
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, response(status, group)]))
}

function example(name: Name): Example {
  const [status, error_description, error = name] = catalogue[name]
  return { status, value: { error, error_description } }
}

const response = (status: number, group: Example[]) => ({
  description: group.map(({ value }) => `\`${value.error}\`: ${value.error_description}`).join('\n\n'),
  ...(status in headers && { headers: headers[status] }),
  content: {
    'application/json': {
      schema: OAuthError,
      ...(group.length === 1
        ? { example: group[0]?.value }
        : { examples: Object.fromEntries(group.map(({ value }) => [value.error, { value }])) })
    }
  }
})

const retryAfter = { 'Retry-After': Type.Integer({ description: 'Seconds after which a retry makes sense' }) }

const headers: Record<number, object> = {
  401: { 'WWW-Authenticate': Type.String({ description: 'Asks for the credentials of a client (RFC 7617)' }) },
  429: retryAfter,
  503: retryAfter
}

/** A form for clients; parameters that it does not name are ignored, as RFC 6749 section 3.2 wants it. */
export const clientForm = <Properties extends TProperties>(properties: Properties, title: string, example: object) =>
  Type.Object(
    {
      ...properties,
      client_id: Type.Optional(Type.String({ description: 'Unless it stands in the Authorization header' })),
      client_secret: Type.Optional(
        Type.String({ description: 'Unless it stands in the Authorization header', format: 'password' })
      )
    },
    { title, examples: [example] }
  )

/** What all routes for clients have in common in their schemas. */
export const clientRoute = {
  tags: ['standards'],
  security: [{ client: [] }],
  consumes: ['application/x-www-form-urlencoded']
}

/** The headers of an answer that no cache may keep. */
export const uncached = {
  'Cache-Control': Type.String({ description: 'Always `no-store`' }),
  Pragma: Type.String({ description: 'Always `no-cache`' })
}
