import { createHash, createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { asc, eq, sql } from 'drizzle-orm'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { StartError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { CreateJwt, Jwt } from './jwt.ts'
import { LONGEST_ACCESS_TTL } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import { slot, slotAs } from './statements.ts'

type KeyRow = Database['tables']['signingKeys']['$inferSelect']

/** A public key as it is published (RFC 7517). */
export interface PublicJwk {
  kty: string
  crv: string
  x: string
  y: string
  kid: string
  alg: 'ES256'
  use: 'sig'
}

/** What may be known of a key without its private half. */
export type KeyInfo = Pick<KeyRow, 'kid' | 'algorithm' | 'state' | 'createdAt' | 'activatedAt' | 'retiredAt'>

interface Parts {
  db: Database
  config: Config
  secrets: Secrets
  createJwt: CreateJwt
  audit: Audit
  now: Clock
}

export type SigningKeys = Awaited<ReturnType<typeof createSigningKeys>>

/** Whether the database holds signing keys, sealed under some master secret. */
export async function hasSigningKeys(db: Database): Promise<boolean> {
  const any = db.prepare('signing_key_any', q =>
    q.select({ kid: db.tables.signingKeys.kid }).from(db.tables.signingKeys).limit(1)
  )
  return (await db.read(any())).length > 0
}

/**
 * The keys of access tokens: `next` is published before it signs, `current` signs, `retired` is published until its
 * last token has expired. Throws StartError when the master secret is not the one that sealed them.
 */
export async function createSigningKeys({ db, config, secrets, createJwt, audit, now }: Parts) {
  const { signingKeys } = db.tables
  const all = db.prepare('signing_key_all', q => q.select().from(signingKeys).orderBy(asc(signingKeys.createdAt)))
  const insert = db.prepare('signing_key_insert', q =>
    q
      .insert(signingKeys)
      .values({
        kid: slot('kid'),
        algorithm: 'ES256',
        state: 'next',
        publicKey: slot('publicKey'),
        sealedPrivateKey: slot('sealedPrivateKey'),
        createdAt: slot('createdAt')
      })
      .returning({ kid: signingKeys.kid })
  )
  const retire = db.prepare('signing_key_retire', q =>
    q
      .update(signingKeys)
      .set({ state: 'retired', retiredAt: slotAs('now', signingKeys.retiredAt) })
      .where(eq(signingKeys.state, 'current'))
      .returning({ kid: signingKeys.kid })
  )
  const activate = db.prepare('signing_key_activate', q =>
    q
      .update(signingKeys)
      .set({ state: 'current', activatedAt: slotAs('now', signingKeys.activatedAt) })
      .where(eq(signingKeys.state, 'next'))
      .returning({ kid: signingKeys.kid })
  )
  const forget = db.prepare('signing_key_forget', q =>
    q
      .delete(signingKeys)
      .where(
        sql`${signingKeys.state} = 'retired' and ${signingKeys.retiredAt} < ${slotAs('before', signingKeys.retiredAt)}`
      )
      .returning({ kid: signingKeys.kid })
  )

  let ring = new Map<string, { row: KeyRow; jwt: Jwt }>()
  let signer: Jwt
  const listeners: Array<() => void> = []

  async function open(row: KeyRow): Promise<Jwt> {
    return createJwt({
      algorithm: 'ES256',
      kid: row.kid,
      typ: 'at+jwt',
      signWith: unseal(row),
      verifyWith: createPublicKey({ key: JSON.parse(row.publicKey), format: 'jwk' }).export({
        type: 'spki',
        format: 'pem'
      }),
      issuer: config.publicUrl,
      audience: config.authAudience,
      required: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'sid', 'token_type']
    })
  }

  function unseal(row: KeyRow): string {
    try {
      return secrets.unseal(row.sealedPrivateKey, row.kid)
    } catch (cause) {
      throw new StartError(
        'The master secret is not the one that sealed the signing keys in the database. Put the right one back (AUTH_SECRET, AUTH_SECRET_FILE or DATA_DIR/secret); nothing was changed.',
        { cause }
      )
    }
  }

  /** Takes over what another process rotated; keys that are known already are not opened again. */
  async function reload(): Promise<void> {
    const rows = await db.read(all())
    const opened = rows.map(async row => [row.kid, { row, jwt: ring.get(row.kid)?.jwt ?? (await open(row)) }] as const)
    const next = new Map(await Promise.all(opened))
    const current = rows.findLast(row => row.state === 'current')
    if (current) signer = (next.get(current.kid) as { jwt: Jwt }).jwt
    const lost = [...ring.keys()].some(kid => !next.has(kid))
    ring = next
    if (lost) for (const listener of listeners) listener()
  }

  const draw = async () => {
    const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' }) as Record<'kty' | 'crv' | 'x' | 'y', string>
    const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url') // RFC 7638 section 3
    const sealedPrivateKey = secrets.seal(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, kid)
    return { kid, publicKey: JSON.stringify({ kty, crv, x, y }), sealedPrivateKey }
  }

  const addNext = (key: Awaited<ReturnType<typeof draw>>) => insert({ ...key, createdAt: new Date(now()) })

  const [first, second] = [await draw(), await draw()]
  await db.write(function* () {
    if ((yield* all()).length > 0) return
    yield* addNext(first)
    yield* activate({ now: new Date(now()) })
    yield* addNext(second)
  })
  await reload()

  return {
    /** Signs with the current key. */
    current: (): Jwt => signer,
    /** The key of a token header's `kid`; undefined for one that is not published. */
    find: (kid: unknown): Jwt | undefined => ring.get(kid as string)?.jwt,
    /** Calls back when a key is no longer accepted. */
    onChange: (listener: () => void): void => void listeners.push(listener),
    reload,
    /** The published keys (RFC 7517 section 5). */
    jwks: (): { keys: PublicJwk[] } => ({
      keys: [...ring.values()].map(({ row }) => ({
        ...(JSON.parse(row.publicKey) as Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y'>),
        kid: row.kid,
        alg: 'ES256',
        use: 'sig'
      }))
    }),
    list: (): KeyInfo[] => [...ring.values()].map(({ row: { publicKey: _, sealedPrivateKey: __, ...info } }) => info),
    /** Lets the next key sign from now on and publishes another; tokens of the old one stay valid. */
    async rotate(): Promise<KeyInfo[]> {
      const fresh = await draw()
      await db.write(function* () {
        const [old] = yield* retire({ now: new Date(now()) })
        const [activated] = yield* activate({ now: new Date(now()) })
        yield* addNext(fresh)
        yield* audit.record({
          event: 'sys_key_rotated',
          detail: { retired: old?.kid, current: activated?.kid, next: fresh.kid }
        })
      })
      await reload()
      return this.list()
    },
    /** Deletes retired keys whose last token has expired; returns how many. */
    *purge(): Work<number> {
      return (yield* forget({ before: new Date(now() - 2 * LONGEST_ACCESS_TTL) })).length
    }
  }
}
