import { Type } from 'typebox'
import { Value } from 'typebox/value'

const EmailShape = Type.String({ format: 'email', maxLength: 254 })
// DI: letters and marks that are shown as nothing, such as the Hangul fillers and the variation selectors.
const USERNAME = /^[[\p{L}\p{M}\p{N}._+\-]--\p{DI}]{1,150}$/v
// The format lets a quoted local part hold anything, line breaks too; RFC 5321 section 4.5.3.1 says how long one may be.
const LOCAL_PART = /^[^"]{1,64}@/

/**
 * The form under which a username or an address is unique: NFKC, trimmed, case-folded. Two names that a person cannot
 * tell apart by case or by Unicode form have the same key.
 */
export function canonical(name: string): string {
  // No name has a NUL, and Postgres refuses even to look for one.
  const whole = name.replaceAll('\0', '\ufffd').normalize('NFKC')
  // Down, up, down: ẞ becomes ß, and ß becomes ss only on the way up.
  return whole.trim().toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
}

/** What is wrong with a username, in words for its owner; undefined when nothing is. */
export function usernameProblem(username: string): string | undefined {
  if (username.includes('@')) return 'Must not contain @: that is for e-mail addresses.'
  if (USERNAME.test(username.normalize('NFKC'))) return undefined
  return 'Must have 1 to 150 characters: letters, digits and . _ + - only.'
}

/** What is wrong with an address, in words for its owner; undefined when nothing is. */
export function emailProblem(email: string): string | undefined {
  return LOCAL_PART.test(email) && Value.Check(EmailShape, email)
    ? undefined
    : 'Must be an e-mail address, such as ada@example.com.'
}
