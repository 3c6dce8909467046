import { OAuthError } from '../core/oauth-error.ts'

/** The parameters of a request; one without a value counts as absent (RFC 6749 section 3.2). */
export type Form = Record<string, string>

/** Reads an application/x-www-form-urlencoded body. Throws `invalid_request` when a parameter comes twice. */
export function parseForm(body: string): Form {
  const pairs = [...new URLSearchParams(body)]
  if (new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw new OAuthError('invalid_request', { description: 'A parameter is given twice.' })
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''))
}
