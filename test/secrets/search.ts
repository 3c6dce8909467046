/** Every secret by what it is. */
export type Secrets = Map<string, string>

/** A secret in all the forms in which it could have been written down. */
export function formsOf(secret: string): Map<string, Buffer> {
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const forms: Record<string, string> = {
    plain: secret,
    'JSON-escaped': json,
    'JSON-escaped twice': JSON.stringify(json).slice(1, -1),
    'JSON-escaped, ASCII only': json.replace(/[^ -~]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
    // Half a character cannot be encoded; on its way it becomes U+FFFD, as it does in the form below.
    'URL-encoded': encodeURIComponent(secret.toWellFormed()),
    'form-encoded': `${new URLSearchParams({ a: secret })}`.slice(2),
    hexadecimal: bytes.toString('hex'),
    'hexadecimal, upper case': bytes.toString('hex').toUpperCase()
  }
  const found = new Map(Object.entries(forms).map(([name, text]) => [name, Buffer.from(text)]))
  found.set('UTF-16', Buffer.from(secret, 'utf16le'))
  found.set('Latin-1', Buffer.from(secret, 'latin1'))
  // What stands before it moves it against the groups of base64.
  for (const shift of [0, 1, 2]) {
    const moved = Buffer.concat([Buffer.alloc(shift), bytes])
    const [from, to] = [Math.ceil((shift * 8) / 6), Math.floor((moved.length * 8) / 6)]
    for (const encoding of ['base64', 'base64url'] as const)
      found.set(`${encoding} at ${shift}`, Buffer.from(moved.toString(encoding).slice(from, to)))
  }
  return found
}

/** Where which secrets stand, and in which form; empty when they are nowhere. */
export function leaks(places: Map<string, Buffer>, secrets: Secrets): string[] {
  const found: string[] = []
  for (const [what, secret] of secrets) {
    // Six digits stand by chance in longer numbers.
    const isShort = secret.length < 10
    for (const [form, needle] of isShort ? [] : formsOf(secret))
      for (const [place, text] of places) if (text.includes(needle)) found.push(`${what}, ${form}: ${place}`)
    if (!isShort) continue
    const alone = new RegExp(`(?<![\\w-])${secret.replace(/\W/, '[ -]?')}(?![\\w-])`, 'i')
    for (const [place, text] of places) if (alone.test(text.toString('latin1'))) found.push(`${what}: ${place}`)
  }
  return found
}
