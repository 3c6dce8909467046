import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { canonical } from './identifiers.ts'
import { bareCode, digitCode, letterCode } from './one-time-codes.ts'
import { type OneTimeToken, prepareOneTimeTokens } from './one-time-token-rows.ts'
import type { Secrets } from './secrets.ts'

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>
export type { OneTimeToken } from './one-time-token-rows.ts'

const MINUTE = 60_000
const DAY = 86_400_000

const PURPOSES = {
  verify_email: { life: DAY, newCode: letterCode },
  reset_password: { life: 30 * MINUTE, newCode: letterCode },
  change_email: { life: DAY, newCode: letterCode },
  login: { life: 10 * MINUTE, newCode: digitCode },
  invite: { life: 7 * DAY, newCode: letterCode }
} as const

/** What a token is good for, and for nothing else. */
export type Purpose = keyof typeof PURPOSES

/** All of them; a mail that brings a token is of a kind of the same name. */
export const purposes = Object.keys(PURPOSES) as Purpose[]

/** Whose token it is: a user's, or that of an address without a user yet; and where the mail goes that brings it. */
export interface Recipient {
  userId?: string
  email: string
}

/** A new token with its code. Both are secrets; only hashes of them stay. */
export interface Issued {
  token: string
  code: string
  /** Milliseconds since 1970. */
  expiresAt: number
}

/** What a mail brought: the token of its link, or the code beside it with the address that it was sent to. */
export interface Proof {
  token?: string
  email?: string
  code?: string
}

const NEITHER = { token: ['Give the token of the mailed link, or the email and the code of the mail.'] }

/** Mailed tokens (ASVS 6.5, 6.6): 256 random bits, kept as hashes, each for one purpose, one recipient and one use. */
export function createOneTimeTokens(db: Database, secrets: Secrets, now: Clock) {
  const rows = prepareOneTimeTokens(db)
  const time = () => new Date(now())
  // Bound to its token, so that nothing can be looked up in a table of all codes.
  const hashCode = (hash: string, code: string) => secrets.pseudonym(`one-time code ${hash} ${bareCode(code)}`)
  const fits = ({ hash, codeHash }: OneTimeToken, code: string) =>
    codeHash !== null && timingSafeEqual(Buffer.from(codeHash), Buffer.from(hashCode(hash, code)))

  function* withdraw(purpose: Purpose, { userId, email }: Recipient): Work<boolean> {
    const withdrawn = userId
      ? yield* rows.withdrawFromUser({ purpose, userId })
      : yield* rows.withdrawFromAddress({ purpose, emailKey: canonical(email) })
    return withdrawn.length > 0
  }

  const byToken = async (purpose: Purpose, token: string): Promise<OneTimeToken | undefined> =>
    (await db.read(rows.find({ hash: digest(token), purpose, now: time() })))[0]

  // Two accounts may have named one address that neither has proved: the code says which of them is meant.
  const byCode = (purpose: Purpose, email: string, code: string) =>
    db.write(function* () {
      const tried = yield* rows.tryCode({ purpose, emailKey: canonical(email), now: time() })
      const found = tried.find(token => fits(token, code))
      if (found) yield* rows.forgive({ hash: found.hash })
      return found
    })

  return {
    /** A new token; those of the same purpose that the recipient got before are void. */
    *issue(purpose: Purpose, recipient: Recipient, payload: Record<string, unknown> = {}): Work<Issued> {
      const { life, newCode } = PURPOSES[purpose]
      const { userId = null, email } = recipient
      const token = randomBytes(32).toString('base64url')
      const code = newCode()
      const hash = digest(token)
      const expiresAt = now() + life
      // Of two that are made at the same moment one is last, and withdraws the other.
      yield* db.hold(`${purpose} ${userId ?? canonical(email)}`)
      yield* withdraw(purpose, recipient)
      yield* rows.insert({
        hash,
        purpose,
        userId,
        emailKey: canonical(email),
        codeHash: hashCode(hash, code),
        payload: { ...payload, email },
        now: time(),
        expiresAt: new Date(expiresAt)
      })
      return { token, code, expiresAt }
    },
    /**
     * What a proof stands for; it stays good. A wrong code costs the token one of five tries by code, after which only the
     * link is left. Throws `invalid_link` when it is unknown, expired, superseded or for another purpose, and
     * `validation_failed` when it is neither a token nor an address with a code.
     */
    async look(purpose: Purpose, { token, email, code }: Proof): Promise<OneTimeToken> {
      const asCode = email !== undefined && code !== undefined && token === undefined
      const asToken = token !== undefined && email === undefined && code === undefined
      if (!asCode && !asToken) throw new PosternError('validation_failed', { errors: NEITHER })
      const found = asCode ? await byCode(purpose, email, code) : await byToken(purpose, token as string)
      if (!found) throw new PosternError('invalid_link')
      return found
    },
    /** Uses a token up. Throws `invalid_link` when somebody was faster or it has expired meanwhile. */
    *consume({ hash, purpose }: OneTimeToken): Work<void> {
      const consumed = yield* rows.consume({ hash, purpose, now: time() })
      if (consumed.length === 0) throw new PosternError('invalid_link')
    },
    /** Those that wait to be used, oldest first, 1,000 at most. */
    pending: (purpose: Purpose): Promise<OneTimeToken[]> => db.read(rows.pending({ purpose, now: time() })),
    /** Takes back what was issued for a purpose; false when there was nothing. */
    withdraw,
    /** No link that was mailed to the user before works any more. */
    *voidAll(userId: string): Work<void> {
      yield* rows.voidAll({ userId })
    },
    /** No link that was mailed to anybody before works any more; returns how many there were. */
    *voidEveryone(): Work<number> {
      return (yield* rows.voidEveryone()).length
    },
    /** Deletes one batch of expired tokens; returns how many. */
    *purge(): Work<number> {
      return (yield* rows.purge({ now: time() })).length
    }
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64url')
