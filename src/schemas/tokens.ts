import { Type } from 'typebox'

/** The answer to a login and to a refresh. */
export const TokenPair = Type.Object(
  {
    access: Type.String({ description: 'JWT for the Authorization header: `Bearer <access>`' }),
    refresh: Type.String({ description: 'JWT for /api/refresh/ and /api/logout/; each is good for one refresh' }),
    token_type: Type.String({ examples: ['Bearer'] }),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires', examples: [300] })
  },
  {
    examples: [
      {
        access: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...',
        refresh: 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...',
        token_type: 'Bearer',
        expires_in: 300
      }
    ]
  }
)

/** A body that is one refresh token. */
export const RefreshToken = Type.Object(
  { refresh: Type.String({ description: 'The refresh token of the last login or refresh' }) },
  { additionalProperties: false, examples: [{ refresh: 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9...' }] }
)
