import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { CreateJwt } from './jwt.ts'
import { drawKey } from './key-algorithms.ts'
import { createKeyRing, type KeyInfo } from './key-ring.ts'
import { LONGEST_ACCESS_TTL } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import { createSigningKeyRows } from './signing-key-rows.ts'
import { createTurns } from './turns.ts'

interface Parts {
  db: Database
  config: Config
  secrets: Secrets
  createJwt: CreateJwt
  audit: Audit
  now: Clock
}

/** Seconds for which verifiers may keep a copy of the published keys. */
const JWKS_MAX_AGE = 300

/** So long a key is published before it signs: the oldest copy of a verifier then has it, with time to spare. */
const PUBLISHED_FIRST = 2 * JWKS_MAX_AGE * 1000

/** So long a key is published after it signed: for its last token, and for a process that learns of it a bit late. */
const PUBLISHED_AFTER = LONGEST_ACCESS_TTL + 3_600_000

/** The next key was published so lately that verifiers with a copy of the published keys do not know it. */
export class KeyTooYoung extends Error {
  override readonly name = 'KeyTooYoung'
  /** When it may sign. */
  readonly readyAt: Date
  constructor(readyAt: Date) {
    super(`the next key may sign from ${readyAt.toISOString()} on`)
    this.readyAt = readyAt
  }
}

export type SigningKeys = Awaited<ReturnType<typeof createSigningKeys>>

/**
 * The keys of access tokens: `next` is published before it signs, `current` signs, `retired` is published until its
 * last token has expired. Throws StartError when the master secret is not the one that sealed them.
 */
export async function createSigningKeys({ db, config, secrets, createJwt, audit, now }: Parts) {
  const rows = createSigningKeyRows(db)
  const ring = createKeyRing({ db, rows, config, secrets, createJwt })
  const inTurn = createTurns()
  let adopted = false
  let followed = -1

  async function draw() {
    const { privateKey, ...key } = await drawKey(config.authKeyAlgorithm)
    return { ...key, sealedPrivateKey: secrets.seal(privateKey, key.kid) }
  }

  const addNext = (key: Awaited<ReturnType<typeof draw>>) => rows.insert({ ...key, createdAt: new Date(now()) })

  const drawTwo = () => Promise.all([draw(), draw()])

  function* addBoth([first, second]: Awaited<ReturnType<typeof drawTwo>>): Work<void> {
    yield* addNext(first)
    yield* rows.activate({ kid: first.kid, now: new Date(now()) })
    yield* addNext(second)
  }

  async function begin(): Promise<void> {
    const keys = await drawTwo()
    await db.write(function* () {
      yield* db.hold('signing keys')
      if ((yield* rows.all()).length === 0) yield* addBoth(keys) // else another process was faster
    })
  }

  const nextSignsFrom = () => new Date(Number(ring.inState('next').createdAt) + PUBLISHED_FIRST)

  async function prepare(): Promise<void> {
    await ring.reload()
    // Once: processes that run with different settings for a while would take turns for ever.
    if (!adopted) await adoptAlgorithm()
    adopted = true
  }

  /** The keys are those that were read last: of processes that do it at the same moment, one does. */
  async function advance(): Promise<void> {
    const [current, next, fresh] = [ring.inState('current'), ring.inState('next'), await draw()]
    await db.write(function* () {
      yield* db.hold('signing keys')
      const time = new Date(now())
      const activated = yield* rows.activate({ kid: next.kid, now: time })
      if (activated.length === 0) return // another process was faster
      yield* rows.retire({ kid: current.kid, now: time })
      yield* addNext(fresh)
      yield* audit.record({
        event: 'sys_key_rotated',
        detail: { retired: current.kid, current: next.kid, next: fresh.kid }
      })
    })
    await ring.reload()
  }

  /** A key that has not signed yet gives way to one of the algorithm that is set now. */
  async function adoptAlgorithm(): Promise<void> {
    const next = ring.inState('next')
    if (next.algorithm === config.authKeyAlgorithm) return
    const fresh = await draw()
    await db.write(function* () {
      yield* db.hold('signing keys')
      const dropped = yield* rows.drop({ kid: next.kid })
      if (dropped.length === 0) return // another process was faster
      yield* addNext(fresh)
      yield* audit.record({ event: 'sys_key_replaced', detail: { dropped: next.kid, next: fresh.kid } })
    })
    await ring.reload()
  }

  function isDue(): boolean {
    const since = Number(ring.inState('current').activatedAt)
    return config.authKeyRotation > 0 && now() - since >= config.authKeyRotation && now() >= Number(nextSignsFrom())
  }

  if ((await db.read(rows.all())).length === 0) await begin()
  await ring.reload()

  return {
    ...ring,
    jwksMaxAge: JWKS_MAX_AGE,
    /**
     * Lets the next key sign from now on and publishes another; tokens of the old one stay valid. Throws KeyTooYoung,
     * unless forced.
     */
    rotate: ({ force = false } = {}): Promise<KeyInfo[]> =>
      inTurn(async () => {
        await prepare()
        if (!force && now() < Number(nextSignsFrom())) throw new KeyTooYoung(nextSignsFrom())
        await advance()
        return ring.list()
      }),
    /** Refuses every access token at once: forgets all keys and makes new ones. Sessions go on with a refresh. */
    revokeAll: (): Promise<KeyInfo[]> =>
      inTurn(async () => {
        const keys = await drawTwo()
        await db.write(function* () {
          yield* db.hold('signing keys')
          const revoked = yield* rows.clear()
          yield* addBoth(keys)
          yield* audit.record({ event: 'sys_key_revoked', detail: { revoked: revoked.map(({ kid }) => kid) } })
        })
        await ring.reload()
        return ring.list()
      }),
    /** Takes over what other processes changed and, by the schedule, rotates. */
    maintain: (): Promise<void> =>
      inTurn(async () => {
        await prepare()
        if (isDue()) await advance()
      }),
    /** Takes over what other processes changed; reads only after one of them has written something. */
    async follow(): Promise<void> {
      const epoch = db.epoch()
      if (epoch === followed) return
      await ring.reload()
      followed = epoch
    },
    /** Deletes retired keys whose last token has expired; returns how many. */
    *purge(): Work<number> {
      return (yield* rows.forget({ before: new Date(now() - PUBLISHED_AFTER) })).length
    }
  }
}
