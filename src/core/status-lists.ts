import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { and, eq, gt, sql } from '../db/drizzle.ts'
import { PosternError } from '../errors.ts'
import { type Clock, seconds } from './clock.ts'
import { gather } from './gather.ts'
import type { Revocations } from './revocations.ts'
import type { SigningKeys } from './signing-keys.ts'
import { slot, slotAs } from './statements.ts'
import { LIST_SIZE, listUri } from './status-claim.ts'
import type { StatusIndexes } from './status-indexes.ts'
import { createTurns } from './turns.ts'

/** A Status List Token, ready to be sent (draft-ietf-oauth-status-list, section 5.1). */
export interface StatusList {
  jwt: string
  etag: string
}

interface Built extends StatusList {
  epoch: number
  builtAt: number
}

interface Parts {
  db: Database
  config: Config
  signingKeys: SigningKeys
  revocations: Revocations
  statusIndexes: StatusIndexes
  now: Clock
}

const BUILD_EVERY_MS = 100

/** So long after its ttl a list may still be relied upon, while Postern does not answer. */
const OUTAGE = 300

/** Which access tokens are refused, as lists that verifiers may keep for `ttl` seconds. */
export function createStatusLists({ db, config, signingKeys, revocations, statusIndexes, now }: Parts) {
  const { statusEntries } = db.tables
  // The plus keeps the primary key out of it: by the other index only those are read that are not free yet.
  const invalid = db.prepare('status_invalid', q =>
    q
      .select({ index: statusEntries.statusIndex })
      .from(statusEntries)
      .where(
        and(
          eq(statusEntries.invalid, true),
          gt(statusEntries.freeFrom, slotAs('leftOutFrom', statusEntries.freeFrom)),
          sql`+${statusEntries.statusIndex} >= ${slot('first')}`,
          sql`+${statusEntries.statusIndex} < ${slot('end')}`
        )
      )
  )
  const ttl = seconds(config.authStatusListTtl)
  const aggregationUri = `${config.publicUrl}/status-lists/`
  const built = new Map<number, Built>()
  const builders = new Map<number, () => Promise<void>>()
  const inTurn = createTurns()

  async function build(list: number): Promise<void> {
    // Taken before the reading: what is revoked meanwhile asks for another list.
    const [epoch, builtAt] = [revocations.epoch(), now()]
    const first = list * LIST_SIZE
    const values = { first, end: first + LIST_SIZE, leftOutFrom: statusIndexes.leftOutFrom() }
    const refused = await db.read(invalid(values))
    const lst = await encode(refused.map(({ index }) => index - first))
    const iat = seconds(builtAt)
    const jwt = signingKeys.signStatusList({
      iss: config.publicUrl,
      sub: listUri(config.publicUrl, list),
      iat,
      exp: iat + ttl + OUTAGE,
      ttl,
      status_list: { bits: 1, lst, aggregation_uri: aggregationUri }
    })
    const etag = `"${createHash('sha256').update(jwt).digest('base64url')}"`
    built.set(list, { jwt, etag, epoch, builtAt })
  }

  const count = async (): Promise<number> =>
    Math.floor(Math.max(0, await db.read(statusIndexes.highest())) / LIST_SIZE) + 1

  function present(list: number): Built | undefined {
    const found = built.get(list)
    const age = now() - (found?.builtAt ?? 0)
    const isPresent = found?.epoch === revocations.epoch() && age >= 0 && age < config.authStatusListTtl
    return isPresent ? found : undefined
  }

  /** Of those who ask while a list is built, some wait for the next: that one may be as good as new by then. */
  const renew = async (list: number): Promise<void> => void (present(list) ?? (await build(list)))

  return {
    /** Seconds for which a list may be kept. */
    ttl,
    /** The addresses of all lists (section 9.3). */
    uris: async (): Promise<string[]> =>
      Array.from({ length: await count() }, (_, list) => listUri(config.publicUrl, list)),
    /**
     * The n-th list with everything that was revoked so far; built when needed, ten times a second at most, once for all
     * who ask. Throws `not_found`.
     */
    async get(list: number): Promise<StatusList> {
      const kept = present(list)
      if (kept) return kept
      if (!Number.isSafeInteger(list) || list < 0 || list >= (await count())) throw new PosternError('not_found')
      const builder = builders.get(list) ?? gather(BUILD_EVERY_MS, () => inTurn(() => renew(list)))
      builders.set(list, builder)
      await builder()
      return built.get(list) as Built
    }
  }
}

const compress = promisify(deflate)

/** Bits from the least significant on (section 4.1), as zlib data in base64url. */
async function encode(refused: number[]): Promise<string> {
  const bytes = Buffer.alloc(LIST_SIZE / 8)
  for (const index of refused) bytes[index >> 3] = (bytes[index >> 3] as number) | (1 << (index & 7))
  return (await compress(bytes)).toString('base64url')
}
