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

/** A response that holds tokens: no cache may keep it. */
export const tokenResponse = (description: string) =>
  success(TokenPair, description, { 'Cache-Control': Type.String({ description: 'Always `no-store`' }) })

/** A body that is one refresh token. */
export const RefreshToken = Type.Object(
  { refresh: Type.String({ description: 'The refresh token of the last login or refresh' }) },
  { title: 'RefreshToken', additionalProperties: false, examples: [{ refresh: REFRESH }] }
)
