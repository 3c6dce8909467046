import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Addresses } from './addresses.ts'
import type { Audit } from './audit.ts'
import { canonical, emailProblem } from './identifiers.ts'
import type { MailOutbox } from './mail-outbox.ts'
import type { Purpose } from './one-time-tokens.ts'
import type { Secrets } from './secrets.ts'
import type { Origin } from './sessions.ts'
import type { User, Users } from './users.ts'

interface Parts {
  db: Database
  users: Users
  addresses: Addresses
  outbox: MailOutbox
  secrets: Secrets
  audit: Audit
}

/** Somebody asks for a mail to an address, whoever it belongs to. */
export type MailRequests = ReturnType<typeof createMailRequests>

const ANSWER_AFTER_MS = 50

/** A user to whom mail can be sent. */
export type Reachable = User & { email: string }

/**
 * Takes requests for mails from anybody: whether there is an account with that address shows neither in the answer nor
 * in the time that it takes. Either way there is one commit; that it has more to write for an account does not show, because
 * no answer leaves earlier than 50 ms after the request.
 */
export function createMailRequests({ db, users, addresses, outbox, secrets, audit }: Parts) {
  const isReachable = (user: User | undefined): user is Reachable => user?.active === true && user.email !== null

  /** `send` is called where there is an active account. Throws `validation_failed`, and `unavailable` when too many mails wait. */
  return async (
    purpose: Purpose,
    email: string,
    origin: Origin,
    send: (user: Reachable) => Work<void>
  ): Promise<void> => {
    const problem = emailProblem(email.trim())
    if (problem) throw new PosternError('validation_failed', { errors: { email: [problem] } })
    const earliest = sleep(ANSWER_AFTER_MS)
    // Before the account is looked for: a full outbox must not tell whether there was one.
    await db.read(outbox.demandRoom())
    const user = await addresses.find(email)
    const detail = { purpose, address: secrets.pseudonym(canonical(email)) }
    await db.write(function* () {
      // As it is now: the account may have another address since, or be gone.
      const present = user && (yield* users.hold(user.id))
      if (isReachable(present) && present.email === user?.email) yield* send(present)
      yield* audit.record({ event: 'authn_link_requested', userId: user?.id, ip: origin.ip, detail })
    })
    await earliest
  }
}
