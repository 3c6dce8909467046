import type { TObject } from 'typebox'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import { createAccount } from './account.ts'
import { createAccountDeletion } from './account-deletion.ts'
import { createAccountErasure } from './account-erasure.ts'
import { createAccountExport } from './account-export.ts'
import { createAdministration } from './administration.ts'
import { createAudit } from './audit.ts'
import { createAuditRetention } from './audit-retention.ts'
import { createAuditSeals } from './audit-seals.ts'
import { createAuditTrail } from './audit-trail.ts'
import { createClients } from './clients.ts'
import type { Clock } from './clock.ts'
import { createCustomClaims } from './custom-claims.ts'
import { createCutOver } from './cut-over.ts'
import { createDecoyHashes } from './decoy-hashes.ts'
import { createGuessing } from './guessing.ts'
import type { HashGateSigns } from './hash-gate.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createIntrospection } from './introspection.ts'
import type { CreateJwt } from './jwt.ts'
import { createKnownDevices } from './known-devices.ts'
import { createLegacyAccess } from './legacy-access.ts'
import { createLegacyTokens } from './legacy-tokens.ts'
import { createLogin } from './login.ts'
import { createMachineTokens } from './machine-tokens.ts'
import type { Mailer } from './mail.ts'
import type { MailOutcome } from './mail-delivery.ts'
import { createMailOutbox } from './mail-outbox.ts'
import { createMailedFlows } from './mailed-flows.ts'
import { createMassRevocation } from './mass-revocation.ts'
import { createNotices } from './notices.ts'
import { createOneTimeTokens } from './one-time-tokens.ts'
import { createPasswordChange } from './password-change.ts'
import { createPasswordHashes } from './password-hashes.ts'
import { createPasswordPolicy } from './password-policy.ts'
import { openProfileSchema } from './profile-schema.ts'
import { createProfiles } from './profiles.ts'
import type { ClaimsHook } from './public-user.ts'
import { createReauthentication } from './reauthentication.ts'
import { createRefresh } from './refresh.ts'
import { createRevocations } from './revocations.ts'
import { openSecrets } from './secrets.ts'
import { serverMetadata } from './server-metadata.ts'
import { createSessionControl } from './session-control.ts'
import { createSessionRotation } from './session-rotation.ts'
import { createSessions } from './sessions.ts'
import { hasSigningKeys } from './signing-key-rows.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createSimplejwt } from './simplejwt.ts'
import { openClock } from './start-time.ts'
import { createStatusIndexes } from './status-indexes.ts'
import { createStatusLists } from './status-lists.ts'
import { createTokenRevocation } from './token-revocation.ts'
import { createTokens } from './tokens.ts'
import { createUserControl } from './user-control.ts'
import { createUsers } from './users.ts'

/** What the core needs from outside. */
export interface Surroundings {
  db: Database
  config: Config
  createJwt: CreateJwt
  mailer: Mailer
  overload: HashGateSigns
  now: Clock
  /** A profile schema instead of the file of AUTH_PROFILE_SCHEMA. */
  profile?: TObject | undefined
  /** Adds claims to the access tokens of users. */
  claims?: ClaimsHook | undefined
  /** Takes what whoever runs the service should know. */
  warn(message: string): void
  /** Hears of every attempt to send a mail. */
  tellOfMail(outcome: MailOutcome): void
  /** Takes errors of work that nobody waits for. */
  report(error: unknown): void
}

export type Core = Awaited<ReturnType<typeof createCore>>

/** What authentication means, wired: the whole dependency graph. Throws StartError. */
export async function createCore(surroundings: Surroundings) {
  const { db, config, createJwt, mailer, overload, profile, claims, warn, tellOfMail, report } = surroundings
  const now = await openClock(db, surroundings.now)
  const secrets = await openSecrets(config, await hasSigningKeys(db))
  const audit = createAudit(db, secrets, now)
  await audit.catchUp()
  const auditSeals = createAuditSeals({ db, secrets, audit, now })
  const outbox = createMailOutbox({ db, secrets, mailer, now, tell: tellOfMail, report })
  const notices = createNotices({ outbox, now })
  const knownDevices = createKnownDevices(db, secrets, now)
  const profiles = createProfiles(await openProfileSchema(config.authProfileSchema, profile))
  const users = createUsers(db, now, profiles.show)
  const customClaims = createCustomClaims({ config, profiles, users, hook: claims, warn })
  const revocations = createRevocations(db, config.authAccessTtl, now)
  const statusIndexes = createStatusIndexes(db, now)
  const legacyTokens = createLegacyTokens(db, config, revocations, now)
  const sessions = createSessions(db, config, revocations, statusIndexes, legacyTokens, now)
  const oneTimeTokens = createOneTimeTokens(db, secrets, now)
  const signingKeys = await createSigningKeys({ db, config, secrets, createJwt, audit, now })
  const simplejwt = await createSimplejwt({ config, createJwt, now })
  const legacyAccess = createLegacyAccess({ db, config, simplejwt, legacyTokens, now })
  const tokens = await createTokens({
    config,
    createJwt,
    secrets,
    signingKeys,
    revocations,
    customClaims,
    legacyAccess,
    now
  })
  const decoys = createDecoyHashes(db, secrets)
  const hashes = createPasswordHashes(decoys, overload)
  const policy = createPasswordPolicy(config)
  const guessing = createGuessing({ db, config, secrets, audit, now })
  const passwords = { db, users, hashes, policy, sessions, oneTimeTokens, notices, guessing, audit }
  const login = createLogin({ ...passwords, config, tokens, knownDevices, secrets })
  const reauthentication = createReauthentication({ ...passwords, now })
  const mailed = createMailedFlows({
    ...passwords,
    config,
    profiles,
    tokens,
    outbox,
    login,
    reauthentication,
    secrets,
    now
  })
  const erasure = createAccountErasure({ db, users, sessions, statusIndexes, oneTimeTokens, audit, now })
  const housekeeping = createHousekeeping({
    db,
    perishables: [revocations, sessions, oneTimeTokens, erasure, signingKeys, outbox, knownDevices, guessing],
    keys: {
      maintain: async () => void (await Promise.all([signingKeys.maintain(), decoys.survey()])),
      follow: signingKeys.follow
    },
    audit: { ...auditSeals, ...createAuditRetention({ db, config, audit, now }) },
    report
  })

  const clients = createClients({ db, revocations, secrets, audit, now })
  const rotation = createSessionRotation(db, config, now)
  const native = createRefresh({ db, config, sessions, rotation, users, tokens, notices, audit, now })
  const refresh = createCutOver({ db, config, refresh: native, simplejwt, legacyTokens, sessions, tokens, audit, now })

  return {
    users,
    profiles,
    tokens,
    clients,
    signingKeys,
    outbox,
    housekeeping,
    login,
    ...mailed,
    refresh,
    actAs: audit.actAs,
    pseudonym: secrets.pseudonym,
    auditTrail: createAuditTrail(db, audit),
    userControl: createUserControl({ db, users, sessions, oneTimeTokens, audit }),
    administration: createAdministration({ db, users, audit }),
    account: createAccount({ db, users, profiles, sessions, audit }),
    accountDeletion: createAccountDeletion({ db, reauthentication, erasure, notices }),
    accountExport: createAccountExport({ db, users, now }),
    sessionControl: createSessionControl({ db, sessions, users, audit, now }),
    massRevocation: createMassRevocation({ db, sessions, legacyTokens, oneTimeTokens, signingKeys, audit, now }),
    passwordChange: createPasswordChange(passwords),
    machineTokens: createMachineTokens({ db, config, clients, tokens, statusIndexes, audit, now }),
    introspection: createIntrospection({ db, tokens, refresh, users }),
    tokenRevocation: createTokenRevocation({ db, tokens, sessions, revocations, refresh, statusIndexes, audit }),
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
    ping: async (): Promise<void> => void (await revocations.isRevoked('', '', 0)),
    async close(): Promise<void> {
      await housekeeping.stop()
      // Whoever starts next seals what is left.
      await auditSeals.seal().catch(() => {})
      await outbox.stop()
      await hashes.close()
    }
  }
}
