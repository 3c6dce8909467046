/** Where in its file something stands, counted from 1. */
export interface Place {
  unit: 'line' | 'row'
  number: number
}

/** A group of a user: its name, or the id of one that the file does not name. */
export type ForeignGroup = { name: string } | { id: string }

/** A user as another system wrote it down: the values of Django's columns, of whatever type. */
export interface ForeignUser {
  place: Place
  values: Record<string, unknown>
  groups: ForeignGroup[]
}

/** A refresh token that the other system has revoked. */
export interface ForeignToken {
  place: Place
  jti: unknown
  expiresAt: unknown
}

/** What is imported. Each call reads from the beginning, and gives the same. */
export interface ImportSource {
  users(): AsyncIterable<ForeignUser>
  revokedTokens(): AsyncIterable<ForeignToken>
}

/** How users are translated. A role is undefined where there is to be none. */
export interface ImportRules {
  staffRole: string | undefined
  superuserRole: string | undefined
  /** By the name of the group; a group that is not in it is a role of its own name. */
  groupRoles: ReadonlyMap<string, string | undefined>
  /** Whether the other system has proved the addresses. */
  emailVerified: boolean
}

/** Somebody, or a token, that is not imported, and why, in words for a person. */
export interface Refusal {
  place: Place
  /** Who it is in the other system. */
  id: string
  name: string
  reasons: string[]
}
