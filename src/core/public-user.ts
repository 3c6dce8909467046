/** A user as anybody who may see the user sees it. Times are ISO 8601, UTC. */
export interface PublicUser {
  id: string
  username: string
  email: string | null
  email_verified: boolean
  roles: string[]
  profile: Record<string, unknown>
  created_at: string
  last_login_at: string | null
}

/** Further claims of a user's access tokens. Synchronous and without effects: it is asked for every token. */
export type ClaimsHook = (user: PublicUser) => Record<string, unknown>
