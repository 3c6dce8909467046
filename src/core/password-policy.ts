import { dictionary } from '@zxcvbn-ts/language-common'
import type { Config } from '../config.ts'
import { canonical } from './identifiers.ts'

/** Whom a password is for: it must not be made of these. */
export interface PasswordOwner {
  username: string
  email: string | null
}

const LONGEST = 256
const LEAST_OF_NIST = 15

/** The least number of characters in a new password. */
export const leastLength = ({ authPasswordPolicy: policy, authPasswordMin: least }: Config): number =>
  policy === 'nist' ? Math.max(LEAST_OF_NIST, least) : least

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>

/**
 * The rules for new passwords (ASVS 6.2, SP 800-63B-4 section 3.1.1): length, a list of common ones, the owner's own
 * names. No rules of composition.
 */
export function createPasswordPolicy(config: Config) {
  const least = leastLength(config)
  const common = new Set((dictionary['passwords-common'] as string[]).filter(password => password.length >= 8))

  return {
    /** Everything that is wrong with a new password, in words for its owner; empty when nothing is. */
    problems(password: string, { username, email }: PasswordOwner): string[] {
      if (!password.isWellFormed()) return ['Must be valid Unicode text.']
      const length = [...password.normalize('NFC')].length
      if (length < least) return [`Must have at least ${least} characters.`]
      if (length > LONGEST) return [`Must have at most ${LONGEST} characters.`]
      const key = canonical(password)
      if (common.has(key)) return ['This password is too common.']
      const own = [username, email ?? '', email?.split('@')[0] ?? '', 'postern'].map(canonical).filter(Boolean)
      if (own.some(name => key === name || bare(key) === bare(name))) return ['Must not be your own name or address.']
      return []
    }
  }
}

/** Without the digits and signs around it: `ada-lovelace1!` is still the name. */
const bare = (text: string) => text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '') || text
