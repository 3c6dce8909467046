import { Type } from 'typebox'
import { success } from './success.ts'

const REFRESH = 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...'

/** The answer to a login and to a refresh. */
export const TokenPair = Type.Object(
  {
    access: Type.String({ description: 'JWT for the Authorization header: `Bearer <access>`' }),
    refresh: Type.String({ description: 'JWT for refresh and logout; good for one refresh' }),
    token_type: Type.String({ description: 'Always `Bearer`' }),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires' })
  },
  {
    title: 'TokenPair',
    description: 'An access token for requests, and a refresh token for the next pair',
    examples: [
      { access: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...', refresh: REFRESH, token_type: 'Bearer', expires_in: 300 }
    ]
  }
)

/** The same, when the tokens went into cookies. */
const CookieSession = Type.Object(
  { token_type: TokenPair.properties.token_type, expires_in: TokenPair.properties.expires_in },
  {
    title: 'CookieSession',
    description: 'The tokens are in cookies, which no script can read',
    examples: [{ token_type: 'Bearer', expires_in: 300 }]
  }
)

/** Where the tokens of a login go. */
export const Transport = Type.Object(
  {
    transport: Type.Optional(
      Type.Literal('cookie', { description: '`cookie`, for browsers: both tokens go into cookies, not into the body' })
    )
  },
  { additionalProperties: false }
)

/** The header that sets or clears both cookies; it comes with cookies only. */
export const setCookie = {
  'Set-Cookie': Type.String({ description: 'Only in cookie mode, twice: `HttpOnly; Secure; SameSite=Lax; Path=/`' })
}

/** A response that holds tokens, or comes with cookies that do: no cache may keep it. */
export const tokenResponse = (description: string) =>
  success(Type.Union([TokenPair, CookieSession]), description, {
    'Cache-Control': Type.String({ description: 'Always `no-store`' }),
    ...setCookie
  })

/** A body that is one refresh token, or none: then the cookie counts. */
export const RefreshToken = Type.Object(
  { refresh: Type.String({ description: 'The refresh token of the last login or refresh' }) },
  { title: 'RefreshToken', additionalProperties: false, examples: [{ refresh: REFRESH }], 'x-optional': true }
)
