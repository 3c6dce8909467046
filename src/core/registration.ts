import type { Config } from '../config.ts'
import { type Database, UniqueViolation } from '../db/database.ts'
import { type FieldErrors, PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import { emailProblem, usernameProblem } from './identifiers.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { PasswordPolicy } from './password-policy.ts'
import type { User, Users } from './users.ts'

/** What a new account is made from, as its owner entered it. */
export interface Registration {
  username: string
  email: string | null
  password: string
  roles?: string[]
}

interface Parts {
  db: Database
  config: Config
  users: Users
  hashes: PasswordHashes
  policy: PasswordPolicy
  audit: Audit
}

// They are joined with commas in headers and lists, so a role is one plain word.
const ROLE = /^[\w.:-]{1,64}$/

const TAKEN = {
  username_key: { username: ['A user with this name exists already.'] },
  email_key: { email: ['A user with this address exists already.'] }
} as const satisfies Record<string, FieldErrors>

/** How accounts come into being. */
export function createRegistration({ db, config, users, hashes, policy, audit }: Parts) {
  /** Adds an account. Throws `validation_failed` with every problem by field, and `overloaded`. */
  async function create({ username, email, password, roles = [] }: Registration, ip?: string): Promise<User> {
    const errors = await problems({ username: username.trim(), email: email?.trim() ?? null, password })
    if (!roles.every(role => ROLE.test(role)))
      errors.roles = ['Must be letters, digits and . _ - : only, 1 to 64 of them.']
    if (Object.keys(errors).length > 0) throw new PosternError('validation_failed', { errors })
    const passwordHash = await hashes.hash(password)
    return db
      .write(function* () {
        const user = yield* users.add({ username, email, passwordHash, roles })
        yield* audit.record({ event: 'user_created', userId: user.id, ip })
        return user
      })
      .catch(refuseTaken)
  }

  async function problems({ username, email, password }: Required<Omit<Registration, 'roles'>>): Promise<FieldErrors> {
    const name = usernameProblem(username)
    const address = email === null ? undefined : emailProblem(email)
    const weak = policy.problems(password, { username, email })
    return {
      ...(name ? { username: [name] } : (await users.findByUsername(username)) && TAKEN.username_key),
      ...(address ? { email: [address] } : email !== null && (await users.findByEmail(email)) && TAKEN.email_key),
      ...(weak.length > 0 && { password: weak })
    }
  }

  return {
    create,
    /** The same for anybody. Throws `permission_denied` when registration is closed. */
    async register(registration: Omit<Registration, 'roles'>, ip: string): Promise<User> {
      if (config.authRegistration === 'closed') {
        throw new PosternError('permission_denied', { detail: 'Registration is closed.' })
      }
      return create(registration, ip)
    }
  }
}

/** Two registrations of one name at the same moment: the database lets one of them in. */
function refuseTaken(error: unknown): never {
  if (error instanceof UniqueViolation && error.column in TAKEN) {
    throw new PosternError('validation_failed', { errors: TAKEN[error.column as keyof typeof TAKEN], cause: error })
  }
  throw error
}
