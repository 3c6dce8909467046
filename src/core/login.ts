import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import { canonical } from './identifiers.ts'
import type { PasswordHashes } from './password-hashes.ts'
import type { Secrets } from './secrets.ts'
import type { Origin, Sessions } from './sessions.ts'
import type { TokenPair, Tokens } from './tokens.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  hashes: PasswordHashes
  sessions: Sessions
  tokens: Tokens
  secrets: Secrets
  audit: Audit
}

/** How a session begins. */
export function createLogin({ db, users, hashes, sessions, tokens, secrets, audit }: Parts) {
  const find = async (name: string): Promise<User | undefined> =>
    (name.includes('@') ? await users.findByEmail(name) : undefined) ?? users.findByUsername(name)

  async function refuse(name: string, user: User | undefined, ip: string): Promise<never> {
    const detail = { name: secrets.pseudonym(canonical(name)) }
    await db.write(() => audit.record({ event: 'authn_login_fail', userId: user?.id, ip, detail }))
    throw new PosternError('no_active_account')
  }

  return {
    /**
     * Begins a session for the owner of a password; `name` is a username or an address. Throws `no_active_account`,
     * the same and after the same time for whatever reason, and `overloaded`.
     */
    async withPassword(name: string, password: string, origin: Origin): Promise<TokenPair> {
      const user = await find(name)
      const matches = await hashes.verify(user?.passwordHash, password)
      if (!matches || !user?.active) return refuse(name, user, origin.ip)
      const outdated = hashes.isOutdated(user.passwordHash as string)
      const upgraded = outdated ? await hashes.hash(password) : undefined
      const begun = await db.write(function* () {
        const present = yield* users.noteLogin(user, upgraded)
        if (!present) return undefined
        const session = yield* sessions.start(user.id, ['pwd'], origin)
        const event = 'authn_login_success'
        yield* audit.record({ event, userId: user.id, sessionId: session.id, ip: origin.ip })
        return { present, session }
      })
      return begun ? tokens.pair(begun.present, begun.session) : refuse(name, user, origin.ip)
    }
  }
}
