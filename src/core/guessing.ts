import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import { clientNetwork } from './client-address.ts'
import type { Clock } from './clock.ts'
import { COUNTED_MS, type Count, type CountedBy, createGuessingRows } from './guessing-rows.ts'
import { canonical } from './identifiers.ts'
import type { Secrets } from './secrets.ts'
import type { User } from './users.ts'

export type Guessing = ReturnType<typeof createGuessing>

/** One password that somebody sent. It counts as wrong from the beginning, and what it turns out to be is told later. */
export interface Attempt {
  /** Whether the password is right; false, after the same time, where it is disabled. Rejects as `check` does. */
  verify(check: () => Promise<boolean>): Promise<boolean>
  /** It was wrong: counts it against the client address too, in the transaction at hand. */
  failed(): Work<void>
  /** It was right: the counts of the account begin anew in the transaction at hand, those of the address do not. */
  succeeded(user: User): Work<void>
}

interface Parts {
  db: Database
  config: Pick<Config, 'authRateLimit'>
  secrets: Pick<Secrets, 'pseudonym'>
  audit: Audit
  now: Clock
}

interface Counted {
  /** What makes the attempt wait. */
  track: string
  /** All wrong passwords of the user, from wherever. */
  account: string | undefined
  address: string | undefined
  ip: string
  userId: string | undefined
  /** What is over when the password was right, beside the counts above. */
  clear(user: User): Work<void>
}

/** So many wrong passwords in a row disable the password. */
const MOST = 100
/** After the fifth one there is a second to wait, and after each further one twice as long. */
const WITHOUT_DELAY = 4
const LONGEST_MS = 15 * 60_000
// Many people may share an address, so of its failures one is forgotten in each 20 seconds.
const ADDRESS_LONGEST_MS = 60_000
const ADDRESS_FORGETS_MS = 20_000

const NOT_COUNTED: Attempt = { verify: check => check(), *failed() {}, *succeeded() {} }

const kindOf = (key: string) => key.slice(0, key.indexOf(':')) as CountedBy
const accountKey = (userId: string) => `account:${userId}`

function delay(key: string, failures: number): number {
  const kind = kindOf(key)
  if (kind === 'account' || failures <= WITHOUT_DELAY) return 0
  const longest = kind === 'address' ? ADDRESS_LONGEST_MS : LONGEST_MS
  return Math.min(longest, 1000 * 2 ** (failures - WITHOUT_DELAY - 1))
}

/**
 * What makes guessing passwords slow, and ends it: counts that survive a restart. Who must wait is told so at once, holds
 * nothing meanwhile, and learns nothing about whether the account exists. Nothing here touches sessions or mailed links.
 */
export function createGuessing({ db, config, secrets, audit, now }: Parts) {
  const rows = createGuessingRows(db, now)
  const keyOf = (kind: CountedBy, what: string) => `${kind}:${secrets.pseudonym(`guess ${kind} ${what}`)}`
  const nameKey = (name: string) => keyOf('name', canonical(name))
  // With the version: a new password has no places yet, and none where it is disabled.
  const placeKey = (user: User | undefined, network: string) =>
    keyOf('place', `${user?.id ?? ''} ${user?.passwordVersion ?? 0} ${network}`)

  function demandPatience(counts: Count[]): void {
    const waits = counts.map(({ blockedUntil }) => (blockedUntil?.getTime() ?? 0) - now())
    // Longer ones come from a clock that was set back.
    const wait = Math.max(0, ...waits.filter(wait => wait <= LONGEST_MS))
    if (wait > 0) throw new PosternError('rate_limited', { retryAfter: Math.ceil(wait / 1000) })
  }

  function remaining({ key, failures, lastAt }: Count): Pick<Count, 'failures' | 'lastAt'> {
    const age = Math.max(0, now() - lastAt.getTime())
    if (age >= COUNTED_MS[kindOf(key)]) return { failures: 0, lastAt: new Date(now()) }
    if (kindOf(key) !== 'address') return { failures, lastAt: new Date(now()) }
    const forgotten = Math.floor(age / ADDRESS_FORGETS_MS)
    if (forgotten >= failures) return { failures: 0, lastAt: new Date(now()) }
    return { failures: failures - forgotten, lastAt: new Date(lastAt.getTime() + forgotten * ADDRESS_FORGETS_MS) }
  }

  function* count(held: Count): Work<number> {
    const { failures, lastAt } = remaining(held)
    const blockedUntil = new Date(now() + delay(held.key, failures + 1))
    yield* rows.set({ key: held.key, failures: failures + 1, lastAt, blockedUntil })
    return failures + 1
  }

  function* uncount(key: string): Work<void> {
    const held = yield* rows.hold(key)
    yield* rows.set({ ...held, failures: Math.max(0, held.failures - 1), blockedUntil: new Date(now()) })
  }

  /** A right password from a place that is not disabled says nothing for those elsewhere, for whom it stays disabled. */
  function* settle(account: string): Work<void> {
    const { failures } = yield* rows.hold(account)
    if (failures <= MOST) yield* rows.remove(account)
    else yield* uncount(account)
  }

  /** Counts first and verifies then: of any number of attempts at once no more are verified than one after the other. */
  async function admit({ track, account, address, ip, userId, clear }: Counted): Promise<Attempt> {
    const { tries, total } = await db.write(function* () {
      const held = yield* rows.hold(track)
      demandPatience([held])
      return { tries: yield* count(held), total: account ? yield* count(yield* rows.hold(account)) : 0 }
    })
    const disabled = (kindOf(track) === 'name' ? total : tries) > MOST

    return {
      async verify(check) {
        try {
          return (await check()) && !disabled
        } catch (error) {
          await db.write(function* () {
            yield* uncount(track)
            if (account) yield* uncount(account)
          })
          throw error
        }
      },
      *failed() {
        if (total === MOST) yield* audit.record({ event: 'authn_login_lock', userId, ip, detail: { failures: MOST } })
        if (address) yield* count(yield* rows.hold(address))
      },
      *succeeded(user) {
        yield* rows.remove(track)
        if (account) yield* settle(account)
        yield* clear(user)
      }
    }
  }

  function* clearNames(...names: Array<string | null>): Work<void> {
    for (const key of new Set(names.map(name => (name === null ? '' : nameKey(name))))) if (key) yield* rows.remove(key)
  }

  return {
    /**
     * Somebody sends a password for a name. Throws `rate_limited` while the name, or the client address, must wait. Where
     * the password was right before, only what is wrong from there counts.
     */
    async atLogin(name: string, user: User | undefined, ip: string): Promise<Attempt> {
      if (config.authRateLimit === 'off') return NOT_COUNTED
      const network = clientNetwork(ip)
      const [byName, place, address] = [nameKey(name), placeKey(user, network), keyOf('address', network)]
      const counts = await db.read(rows.find([byName, place, address]))
      const known = counts.some(({ key, lastAt }) => key === place && now() - lastAt.getTime() < COUNTED_MS.place)
      demandPatience(counts.filter(({ key }) => key !== (known ? byName : place)))
      return admit({
        track: known ? place : byName,
        account: user?.passwordHash ? accountKey(user.id) : undefined,
        address,
        ip,
        userId: user?.id,
        *clear({ username, email }) {
          yield* clearNames(name, username, email)
          yield* rows.hold(place)
        }
      })
    },

    /** Somebody in a session sends its user's password again: no other session waits for that, and no login. Throws `rate_limited`. */
    async inSession(user: User, { sessionId, ip }: { sessionId: string; ip: string }): Promise<Attempt> {
      if (config.authRateLimit === 'off') return NOT_COUNTED
      const track = keyOf('session', sessionId)
      demandPatience(await db.read(rows.find([track])))
      const account = user.passwordHash ? accountKey(user.id) : undefined
      return admit({ track, account, address: undefined, ip, userId: user.id, *clear() {} })
    },

    /** The password is another one, in the transaction at hand: what was counted against the former is over. */
    *renewed({ id, username, email }: User): Work<void> {
      yield* rows.remove(accountKey(id))
      yield* clearNames(username, email)
    },

    /** Deletes one batch of counts that are over; says how many. */
    purge: rows.purge
  }
}
