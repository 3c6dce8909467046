/** Where a token's status stands: bit `idx` of the list at `uri` (draft-ietf-oauth-status-list, section 6.2). */
export interface StatusClaim {
  status_list: { idx: number; uri: string }
}

/** What an access token says about the user who bears it (RFC 9068 and the claims of a session). */
export interface AccessClaims {
  iss: string
  sub: string
  aud: string
  iat: number
  exp: number
  jti: string
  /** The issuer itself: users log in without another party between. */
  client_id: string
  sid: string
  token_type: 'access'
  username: string
  roles: readonly string[]
  email: string | null
  email_verified: boolean
  auth_time: number
  amr: readonly string[]
  /** What the user is called in the system that it was imported from; absent for a user who was not. */
  user_id?: string
  /** Absent while the session has no index, because it began under a version that gave none. */
  status?: StatusClaim
}

/** What an access token says about the client that bears it: a machine, in no session and with no roles (RFC 9068). */
export interface MachineClaims {
  iss: string
  /** The client, too. */
  sub: string
  aud: string
  iat: number
  exp: number
  jti: string
  client_id: string
  /** What the client may do, with spaces between (RFC 8693 section 4.2); absent when it has no scopes. */
  scope?: string
  token_type: 'access'
  status?: StatusClaim
  sid?: undefined
}

/** What any access token says; `sid` is undefined in that of a machine. */
export type TokenClaims = AccessClaims | MachineClaims

/** Whether a token is a user's in a session, or a client's own: nothing between. */
export const isOfOneKind = ({ sid, sub, client_id }: TokenClaims): boolean =>
  sid === undefined ? typeof client_id === 'string' && client_id === sub : typeof sid === 'string'
