import { Type } from 'typebox'
import { Value } from 'typebox/value'

const EmailShape = Type.String({ format: 'email', maxLength: 254 })
const USERNAME = /^[\p{L}\p{M}\p{N}._+-]{1,150}$/u

/**
 * The form under which a username or an address is unique: NFKC, trimmed, case-folded. Two names that a person cannot
 * tell apart by case or by Unicode form have the same key.
 */
export function canonical(name: string): string {
  return name.normalize('NFKC').trim().toUpperCase().toLowerCase().normalize('NFKC')
}

/** What is wrong with a username, in words for its owner; undefined when nothing is. */
export function usernameProblem(username: string): string | undefined {
  if (username.includes('@')) return 'Must not contain @: that is for e-mail addresses.'
  if (USERNAME.test(username.normalize('NFKC'))) return undefined
  return 'Must have 1 to 150 characters: letters, digits and . _ + - only.'
}

/** What is wrong with an address, in words for its owner; undefined when nothing is. */
export function emailProblem(email: string): string | undefined {
  return Value.Check(EmailShape, email) ? undefined : 'Must be an e-mail address, such as ada@example.com.'
}
