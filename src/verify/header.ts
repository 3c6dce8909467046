/** The `kid` of a token's header, not yet to be believed. Throws when the token is not of three parts in base64url. */
export function keyId(token: string): string {
  const parts = token.split('.')
  if (parts.length !== 3) throw new Error('not a signed JWT')
  for (const part of parts) {
    // Other spellings of the same bytes would be other tokens to a cache and to a log.
    if (Buffer.from(part, 'base64url').toString('base64url') !== part) throw new Error('not canonical base64url')
  }
  const { kid } = JSON.parse(Buffer.from(parts[0] as string, 'base64url').toString('utf8'))
  if (typeof kid !== 'string') throw new Error('no kid')
  return kid
}
