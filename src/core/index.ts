import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import { createAudit } from './audit.ts'
import { createClients } from './clients.ts'
import type { Clock } from './clock.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createIntrospection } from './introspection.ts'
import type { CreateJwt } from './jwt.ts'
import { createLogin } from './login.ts'
import { createMachineTokens } from './machine-tokens.ts'
import { createOneTimeTokens } from './one-time-tokens.ts'
import { createPasswordChange } from './password-change.ts'
import { createPasswordHashes } from './password-hashes.ts'
import { createPasswordPolicy } from './password-policy.ts'
import { createRefresh } from './refresh.ts'
import { createRegistration } from './registration.ts'
import { createRevocations } from './revocations.ts'
import { openSecrets } from './secrets.ts'
import { serverMetadata } from './server-metadata.ts'
import { createSessionControl } from './session-control.ts'
import { createSessions } from './sessions.ts'
import { hasSigningKeys } from './signing-key-rows.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createStatusIndexes } from './status-indexes.ts'
import { createStatusLists } from './status-lists.ts'
import { createTokenRevocation } from './token-revocation.ts'
import { createTokens } from './tokens.ts'
import { createUsers } from './users.ts'

/** What the core needs from outside. */
export interface Surroundings {
  db: Database
  config: Config
  createJwt: CreateJwt
  now: Clock
  /** Takes errors of work that nobody waits for. */
  report(error: unknown): void
}

export type Core = Awaited<ReturnType<typeof createCore>>

/** What authentication means, wired: the whole dependency graph. Throws StartError. */
export async function createCore({ db, config, createJwt, now, report }: Surroundings) {
  const secrets = await openSecrets(config, await hasSigningKeys(db))
  const audit = createAudit(db, now)
  const users = createUsers(db, now)
  const revocations = createRevocations(db, now)
  const statusIndexes = createStatusIndexes(db, now)
  const sessions = createSessions(db, config, revocations, statusIndexes, now)
  const oneTimeTokens = createOneTimeTokens(db, now)
  const signingKeys = await createSigningKeys({ db, config, secrets, createJwt, audit, now })
  const tokens = await createTokens({ config, createJwt, secrets, signingKeys, revocations, now })
  const hashes = createPasswordHashes()
  const policy = createPasswordPolicy(config)
  const housekeeping = createHousekeeping({
    db,
    perishables: [revocations, sessions, oneTimeTokens, signingKeys],
    keys: signingKeys,
    report
  })

  const clients = createClients({ db, revocations, secrets, audit, now })
  const refresh = createRefresh({ db, config, sessions, users, tokens, audit, now })

  return {
    users,
    tokens,
    clients,
    signingKeys,
    housekeeping,
    registration: createRegistration({ db, config, users, hashes, policy, audit }),
    login: createLogin({ db, users, hashes, sessions, tokens, secrets, audit }),
    refresh,
    sessionControl: createSessionControl({ db, sessions, users, audit, now }),
    passwordChange: createPasswordChange({ db, users, hashes, policy, sessions, oneTimeTokens, audit }),
    machineTokens: createMachineTokens({ db, config, clients, tokens, statusIndexes, audit, now }),
    introspection: createIntrospection({ db, tokens, refresh, users }),
    tokenRevocation: createTokenRevocation({ db, tokens, sessions, revocations, statusIndexes, audit }),
    serverMetadata: serverMetadata(config),
    statusLists: createStatusLists({ db, config, signingKeys, revocations, statusIndexes, now }),
    /** Whether a token of either kind would be accepted now. Throws `token_not_valid`. */
    async tokenCheck(token: string): Promise<void> {
      try {
        await tokens.authenticate(token)
      } catch (error) {
        if (!(error instanceof PosternError)) throw error
        await refresh.check(token)
      }
    },
    /** Rejects when the store does not answer. */
    ping: async (): Promise<void> => void (await revocations.isRevoked('', '')),
    async close(): Promise<void> {
      await housekeeping.stop()
      await hashes.close()
    }
  }
}
