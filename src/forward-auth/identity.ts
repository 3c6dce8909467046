import type { AccessClaims } from '../core/claims.ts'

/** The headers that tell an application who is calling; all of them are always there, empty when there is nothing to say. */
export type IdentityHeaders = Record<
  'remote-user' | 'remote-email' | 'remote-groups' | 'x-auth-user-id' | 'x-auth-session-id',
  string
>

// Printable ASCII stands as it is, but for the sign that begins an encoded byte. A space is encoded too: around a comma
// or at an end it would be trimmed, and one role become another.
const ENCODED = /[^!-~]|%/gu
const ENCODED_IN_LIST = /[^!-~]|[%,]/gu

const encode = (character: string) => (character === ',' ? '%2C' : encodeURIComponent(character.toWellFormed()))

/** A text that cannot end or split a header: what is not printable ASCII is percent-encoded UTF-8 (RFC 3986 section 2.1). */
const asHeader = (text: string) => text.replace(ENCODED, encode)

/** What a valid access token says about its user, for the application behind a proxy. */
export const identityHeaders = ({ username, email, roles, sub, sid }: AccessClaims): IdentityHeaders => ({
  'remote-user': asHeader(username),
  'remote-email': asHeader(email ?? ''),
  'remote-groups': roles.map(role => role.replace(ENCODED_IN_LIST, encode)).join(),
  'x-auth-user-id': sub,
  'x-auth-session-id': sid
})
