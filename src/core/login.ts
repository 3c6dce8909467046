import { v7 as uuid } from 'uuid'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Attempt, Guessing } from './guessing.ts'
import { canonical } from './identifiers.ts'
import type { KnownDevices } from './known-devices.ts'
import type { Notices } from './notices.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { Secrets } from './secrets.ts'
import type { Origin, Session, Sessions } from './sessions.ts'
import type { TokenPair, Tokens } from './tokens.ts'
import type { User, Users } from './users.ts'

export type Login = ReturnType<typeof createLogin>

/** A session that has just begun, and its user as the login left it. */
export interface Begun {
  user: User
  session: Session
}

interface Parts {
  db: Database
  config: Config
  users: Users
  hashes: PasswordHashes
  sessions: Sessions
  tokens: Tokens
  knownDevices: KnownDevices
  notices: Notices
  secrets: Secrets
  guessing: Guessing
  audit: Audit
}

/** How a session begins. */
export function createLogin(parts: Parts) {
  const { db, config, users, hashes, sessions, tokens, knownDevices, notices, secrets, guessing, audit } = parts
  const find = async (name: string): Promise<User | undefined> =>
    (name.includes('@') ? await users.findByEmail(name) : undefined) ?? users.findByUsername(name)

  async function refuse(name: string, user: User | undefined, ip: string, attempt: Attempt): Promise<never> {
    const reason = user === undefined ? 'unknown_user' : user.active ? 'wrong_password' : 'inactive'
    const detail = { name: secrets.pseudonym(canonical(name)), reason }
    await db.write(function* () {
      yield* audit.record({ event: 'authn_login_fail', userId: user?.id, ip, detail })
      yield* attempt.failed()
    })
    throw new PosternError('no_active_account')
  }

  /** Tells whoever knows the password, and nobody else, that the address must be confirmed before. */
  async function demandConfirmed(user: User, ip: string, attempt: Attempt): Promise<void> {
    if (config.authEmailVerification !== 'required' || user.email === null || user.emailVerified) return
    const detail = { reason: 'email_not_verified' }
    await db.write(function* () {
      yield* audit.record({ event: 'authn_login_fail', userId: user.id, ip, detail })
      yield* attempt.succeeded(user)
    })
    throw new PosternError('email_not_verified')
  }

  function* begin(
    user: User,
    amr: string[],
    origin: Origin,
    { upgradedHash, attempt }: { upgradedHash?: string | undefined; attempt?: Attempt } = {}
  ): Work<Begun | undefined> {
    const present = yield* users.noteLogin(user, upgradedHash)
    if (!present) return undefined
    tokens.prepare(present)
    const id = uuid()
    yield* audit.record({ event: 'authn_login_success', userId: user.id, sessionId: id, ip: origin.ip })
    if (yield* knownDevices.note(user, origin.userAgent)) yield* notices.newDevice(present, origin)
    if (attempt) yield* attempt.succeeded(present)
    // Last: now and then it has to make new indexes of the status lists, for which others wait until the commit.
    return { user: present, session: yield* sessions.start(user.id, amr, origin, { id }) }
  }

  return {
    /**
     * Begins a session in the transaction at hand, for somebody who has proved to be the user. Undefined when the user
     * was disabled or the password changed since `user` was read. The last thing in its transaction.
     */
    begin,

    /**
     * Begins a session for the owner of a password; `name` is a username or an address. Throws `no_active_account`, the
     * same and after the same time for whatever reason, `rate_limited` after too many wrong ones, `overloaded`, and
     * `email_not_verified` to the owner alone.
     */
    async withPassword(name: string, password: string, origin: Origin): Promise<TokenPair> {
      const user = await find(name)
      const attempt = await guessing.atLogin(name, user, origin.ip)
      const matches = await attempt.verify(() => hashes.verify(user?.passwordHash, password, canonical(name)))
      if (!matches || !user?.active) return refuse(name, user, origin.ip, attempt)
      await demandConfirmed(user, origin.ip, attempt)
      const outdated = hashes.isOutdated(user.passwordHash as string)
      const upgradedHash = outdated ? await hashes.rehash(password) : undefined
      const begun = await db.write(() => begin(user, ['pwd'], origin, { upgradedHash, attempt }))
      return begun ? tokens.pair(begun.user, begun.session) : refuse(name, user, origin.ip, attempt)
    }
  }
}
