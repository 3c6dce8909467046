import { createHash, createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'
import type { Database, Work } from '../db/database.ts'
import { StartError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { CreateJwt, Jwt } from './jwt.ts'
import { LONGEST_ACCESS_TTL } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import { createSigningKeyRows, type KeyRow } from './signing-key-rows.ts'

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

/**
 * The keys of access tokens: `next` is published before it signs, `current` signs, `retired` is published until its
 * last token has expired. Throws StartError when the master secret is not the one that sealed them.
 */
export async function createSigningKeys({ db, config, secrets, createJwt, audit, now }: Parts) {
  const rows = createSigningKeyRows(db)
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
    const found = await db.read(rows.all())
    const opened = found.map(async row => [row.kid, { row, jwt: ring.get(row.kid)?.jwt ?? (await open(row)) }] as const)
    const next = new Map(await Promise.all(opened))
    const current = found.findLast(row => row.state === 'current')
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

  const addNext = (key: Awaited<ReturnType<typeof draw>>) => rows.insert({ ...key, createdAt: new Date(now()) })

  async function begin(): Promise<void> {
    const [first, second] = [await draw(), await draw()]
    await db.write(function* () {
      if ((yield* rows.all()).length > 0) return // another process was faster
      yield* addNext(first)
      yield* rows.activate({ now: new Date(now()) })
      yield* addNext(second)
    })
  }

  if ((await db.read(rows.all())).length === 0) await begin()
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
        const [old] = yield* rows.retire({ now: new Date(now()) })
        const [activated] = yield* rows.activate({ now: new Date(now()) })
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
      return (yield* rows.forget({ before: new Date(now() - 2 * LONGEST_ACCESS_TTL) })).length
    }
  }
}
