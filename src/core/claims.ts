/** What an access token says about its bearer (RFC 9068 and the claims of a session). */
export interface AccessClaims {
  iss: string
  sub: string
  aud: string
  iat: number
  exp: number
  jti: string
  sid: string
  token_type: 'access'
  username: string
  roles: readonly string[]
  email: string | null
  email_verified: boolean
  auth_time: number
  amr: readonly string[]
}
