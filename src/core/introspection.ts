import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { GenuineRefresh, Tokens } from './tokens.ts'
import type { Users } from './users.ts'

/** What a client learns of a token (RFC 7662 section 2.2). Times are seconds since 1970. */
export interface Introspection {
  active: boolean
  iss?: string
  sub?: string
  aud?: string
  exp?: number
  iat?: number
  jti?: string
  client_id?: string
  scope?: string
  username?: string
  /** `Bearer` for an access token, `refresh_token` for the other kind, which opens nothing. */
  token_type?: 'Bearer' | 'refresh_token'
  sid?: string
  roles?: readonly string[]
  email?: string | null
  email_verified?: boolean
  auth_time?: number
  amr?: readonly string[]
}

interface Parts {
  db: Database
  tokens: Tokens
  refresh: { check(token: string): Promise<GenuineRefresh> }
  users: Users
}

/** What there is to say about a token. */
export function createIntrospection({ db, tokens, refresh, users }: Parts) {
  const ofAccess = async (token: string): Promise<Introspection> => ({
    ...(await tokens.authenticate(token)),
    active: true,
    token_type: 'Bearer'
  })

  // It names no audience: a service that looks for its own does not take the token for one of access.
  async function ofRefresh(token: string): Promise<Introspection> {
    const { iss, sub, exp, iat, jti, sid } = await refresh.check(token)
    const user = await db.read(users.at(sub))
    if (!user?.active) return { active: false }
    const { username, roles } = user
    return { active: true, iss, sub, exp, iat, jti, username, token_type: 'refresh_token', sid, roles }
  }

  return {
    /** Describes a token of either kind that would be accepted now; says of any other only that it is not active. */
    introspect: (token: string): Promise<Introspection> =>
      ofAccess(token)
        .catch(error => (isRefusal(error) ? ofRefresh(token) : Promise.reject(error)))
        .catch(error => (isRefusal(error) ? { active: false } : Promise.reject(error)))
  }
}

const isRefusal = (error: unknown): boolean => error instanceof PosternError && error.code === 'token_not_valid'
