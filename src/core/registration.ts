import type { Config } from '../config.ts'
import { type Database, UniqueViolation, type Work } from '../db/database.ts'
import { type FieldErrors, PosternError } from '../errors.ts'
import type { AccountMails } from './account-mails.ts'
import type { Audit } from './audit.ts'
import type { EmailVerification } from './email-verification.ts'
import { emailProblem, usernameProblem } from './identifiers.ts'
import type { Whence } from './notices.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { PasswordPolicy } from './password-policy.ts'
import type { Profile, Profiles, Writer } from './profiles.ts'
import { roleProblem } from './roles.ts'
import type { Origin } from './sessions.ts'
import type { User, Users } from './users.ts'

/** What a new account is made from, as its owner entered it. */
export interface Registration {
  username: string
  email: string | null
  password: string
  roles?: string[]
  /** The fields of the profile schema. */
  profile?: Profile
}

interface Parts {
  db: Database
  config: Config
  users: Users
  profiles: Profiles
  hashes: PasswordHashes
  policy: PasswordPolicy
  accountMails: AccountMails
  emailVerification: EmailVerification
  audit: Audit
}

export type Registrations = ReturnType<typeof createRegistration>

/** On whose behalf an account is made. */
interface Making {
  writer: Writer
  address: 'named' | 'unproven' | 'proven'
  origin: Whence
  claim?: () => Work<void>
}

const REFUSALS: Record<Config['authRegistration'], string | undefined> = {
  open: undefined,
  invite: 'Registration is by invitation only.',
  closed: 'Registration is closed.'
}

const TAKEN = {
  username_key: { username: ['A user with this name exists already.'] },
  email_key: { email: ['A user with this address exists already.'] }
} as const satisfies Record<string, FieldErrors>

/** How accounts come into being. */
export function createRegistration(parts: Parts) {
  const { db, config, users, profiles, hashes, policy, accountMails, emailVerification, audit } = parts

  async function make(registration: Registration, { writer, address, origin, claim }: Making): Promise<User> {
    const { username, email, password, roles = [], profile: given = {} } = registration
    const owner = email === null ? undefined : await users.findByEmail(email)
    const errors: FieldErrors = {
      ...profiles.problems(given, writer),
      ...(await problems({ username: username.trim(), email: email?.trim() ?? null, password })),
      ...(owner && address !== 'unproven' && TAKEN.email_key)
    }
    const problem = roles.map(roleProblem).find(problem => problem !== undefined)
    if (problem) errors.roles = [problem]
    if (Object.keys(errors).length > 0) throw new PosternError('validation_failed', { errors })
    const profile = profiles.complete(given)
    const passwordHash = await hashes.hash(password)
    return db
      .write(function* () {
        if (claim) yield* claim()
        const user = yield* users.add({ username, email, passwordHash, roles, profile, address })
        yield* audit.record({ event: 'user_created', userId: user.id, ip: origin.ip })
        if (owner) yield* accountMails.accountExists(owner, origin)
        else yield* emailVerification.begin(user, origin)
        return user
      })
      .catch(refuseTaken)
  }

  async function problems({
    username,
    email,
    password
  }: Omit<Registration, 'roles' | 'profile'>): Promise<FieldErrors> {
    const name = usernameProblem(username)
    const address = email === null ? undefined : emailProblem(email)
    const weak = policy.problems(password, { username, email })
    return {
      ...(name ? { username: [name] } : (await users.findByUsername(username)) && TAKEN.username_key),
      ...(address && { email: [address] }),
      ...(weak.length > 0 && { password: weak })
    }
  }

  return {
    /** Adds an account on behalf of whoever runs the service. Throws `validation_failed` with every problem by field. */
    create: (registration: Registration): Promise<User> =>
      make(registration, { writer: 'admin', address: 'named', origin: {} }),
    /**
     * The same for anybody. Where addresses must be proven, one that has an account already is taken like any other, and
     * its owner gets a mail that says so. Throws `permission_denied` where not everybody may register, and `overloaded`.
     */
    async register(registration: Omit<Registration, 'roles'>, origin: Origin): Promise<User> {
      const refusal = REFUSALS[config.authRegistration]
      if (refusal) throw new PosternError('permission_denied', { detail: refusal })
      const address = config.authEmailVerification === 'required' ? 'unproven' : 'named'
      return make(registration, { writer: 'user', address, origin })
    },
    /** The same for somebody whose address is proven; `claim` uses their invitation up in the same transaction. */
    acceptInvitation: (registration: Registration, claim: () => Work<void>, origin: Origin): Promise<User> =>
      make(registration, { writer: 'user', address: 'proven', origin, claim })
  }
}

/** Two registrations of one name at the same moment: the database lets one of them in. */
function refuseTaken(error: unknown): never {
  if (error instanceof UniqueViolation && error.column in TAKEN) {
    throw new PosternError('validation_failed', { errors: TAKEN[error.column as keyof typeof TAKEN], cause: error })
  }
  throw error
}
