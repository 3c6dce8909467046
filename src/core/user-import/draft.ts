import { foreignHashProblem } from '../foreign-hashes.ts'
import { canonical, emailProblem, usernameProblem } from '../identifiers.ts'
import { roleProblem } from '../roles.ts'
import type { ForeignGroup, ForeignUser, ImportRules } from './source.ts'
import { booleanOf, textOf, timeOf } from './values.ts'

/** A user of another system, translated as far as that can be done without a look at all the others. */
export interface Draft {
  legacyId: string
  username: string
  /** Whether `username` is made from the address, which is what the user logged in with, so that another one would do. */
  derived: boolean
  email: string | null
  emailVerified: boolean
  passwordHash: string | null
  roles: string[]
  profile: Record<string, string>
  active: boolean
  /** Null when the file does not say it. */
  createdAt: Date | null
  lastLoginAt: Date | null
  /** Why this user cannot be imported, in words for a person; empty when nothing is wrong. */
  reasons: string[]
}

const LONGEST_ID = 255

/** Translates a user. */
export function draftOf({ values, groups }: ForeignUser, rules: ImportRules): Draft {
  const reasons: string[] = []
  const refuse = (field: string, problem: string | undefined) => {
    if (problem) reasons.push(`${field}: ${problem}`)
  }
  const flag = (field: string, absent: boolean): boolean => {
    const value = booleanOf(values[field], absent)
    if (value === undefined) refuse(field, 'Must be true or false.')
    return value ?? absent
  }
  const time = (field: string): Date | null => {
    const value = timeOf(values[field])
    if (value === undefined) refuse(field, 'Must be a time such as 2026-01-31 12:00:00+00.')
    return value ?? null
  }

  const legacyId = textOf(values.id).trim()
  if (legacyId === '' || legacyId.length > LONGEST_ID) refuse('id', `Must have 1 to ${LONGEST_ID} characters.`)
  const names = namesOf(textOf(values.username).trim(), textOf(values.email).trim() || null)
  refuse('username', names.problem ?? usernameProblem(names.username))
  if (names.email !== null) refuse('email', emailProblem(names.email))
  const passwordHash = usable(textOf(values.password))
  if (passwordHash !== null) refuse('password', foreignHashProblem(passwordHash))

  const roles = groups.map(group => roleOf(group, rules))
  for (const role of roles) if (typeof role === 'object') refuse('groups', role.problem)
  if (flag('is_staff', false)) roles.push(rules.staffRole)
  if (flag('is_superuser', false)) roles.push(rules.superuserRole)

  return {
    legacyId,
    ...names,
    emailVerified: names.email !== null && rules.emailVerified,
    passwordHash,
    roles: [...new Set(roles)].filter(role => typeof role === 'string'),
    profile: profileOf(values),
    active: flag('is_active', true),
    createdAt: time('date_joined'),
    lastLoginAt: time('last_login'),
    reasons
  }
}

function usable(hash: string): string | null {
  // Django writes these for users who cannot log in with a password.
  if (hash === '' || hash.startsWith('!')) return null
  // A plain one would look like one of ours; with the name of Django before it, it says what is to be replaced.
  return hash.startsWith('$argon2id$') ? `argon2${hash}` : hash
}

/** Many services of Django have the address as user name; its owner goes on logging in with it. */
function namesOf(name: string, email: string | null) {
  const login = name || (email ?? '')
  if (!login.includes('@')) return { username: login, email, derived: false }
  const address = email ?? login
  const problem =
    canonical(login) === canonical(address)
      ? undefined
      : 'Is an address, but not the one of this user. Give the row this address, or a name without @.'
  const local = login.slice(0, login.indexOf('@'))
  return {
    username: local.normalize('NFKC').replace(/[^\p{L}\p{N}._+-]+/gu, '-'),
    email: address,
    derived: true,
    problem
  }
}

function roleOf(group: ForeignGroup, { groupRoles }: ImportRules): string | undefined | { problem: string } {
  if ('id' in group)
    return { problem: `The file does not say what group ${group.id} is called. Export the groups too.` }
  const { name } = group
  if (groupRoles.has(name)) return groupRoles.get(name)
  return roleProblem(name)
    ? { problem: `${JSON.stringify(name)} cannot be the name of a role. Say which role it is: --group '${name}=ROLE'.` }
    : name
}

function profileOf(values: Record<string, unknown>): Record<string, string> {
  const names = ['first_name', 'last_name'].map(field => [field, textOf(values[field]).trim()] as const)
  return Object.fromEntries(names.filter(([, name]) => name !== ''))
}
