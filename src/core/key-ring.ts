import { createPublicKey } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { StartError } from '../errors.ts'
import { gather } from './gather.ts'
import type { CreateJwt, Jwt, JwtKey } from './jwt.ts'
import type { KeyAlgorithm, PublicJwk } from './key-algorithms.ts'
import type { Secrets } from './secrets.ts'
import type { KeyRow, SigningKeyRows } from './signing-key-rows.ts'
import { createTurns } from './turns.ts'

/** What may be known of a key without its private half. */
export type KeyInfo = Pick<KeyRow, 'kid' | 'algorithm' | 'state' | 'createdAt' | 'activatedAt' | 'retiredAt'>

interface Parts {
  db: Database
  rows: SigningKeyRows
  config: Config
  secrets: Secrets
  createJwt: CreateJwt
}

const REREAD_EVERY_MS = 100
const THUMBPRINT = /^[\w-]{43}$/
const ACCESS_CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'token_type']

/** The signing keys of the database, opened: each signs and checks with its own algorithm only. */
export function createKeyRing({ db, rows, config, secrets, createJwt }: Parts) {
  let ring = new Map<string, { row: KeyRow; jwt: Jwt }>()
  let signer: { kid: string; access: Jwt; statusList: Jwt } | undefined
  const inTurn = createTurns()
  const listeners: Array<() => void> = []

  const open = (row: KeyRow, key: Pick<JwtKey, 'typ' | 'audience' | 'required'>): Promise<Jwt> =>
    createJwt({
      algorithm: row.algorithm as KeyAlgorithm,
      kid: row.kid,
      signWith: unseal(row),
      verifyWith: createPublicKey({ key: JSON.parse(row.publicKey), format: 'jwk' }).export({
        type: 'spki',
        format: 'pem'
      }),
      issuer: config.publicUrl,
      ...key
    })

  const openAccess = (row: KeyRow) =>
    open(row, { typ: 'at+jwt', audience: config.authAudience, required: ACCESS_CLAIMS })

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

  async function read(): Promise<void> {
    const found = await db.read(rows.all())
    const opened = found.map(
      async row => [row.kid, { row, jwt: ring.get(row.kid)?.jwt ?? (await openAccess(row)) }] as const
    )
    const next = new Map(await Promise.all(opened))
    const current = found.findLast(row => row.state === 'current')
    if (current && current.kid !== signer?.kid) {
      const { jwt: access } = next.get(current.kid) as { jwt: Jwt }
      signer = { kid: current.kid, access, statusList: await open(current, { typ: 'statuslist+jwt', required: [] }) }
    }
    const lost = [...ring.keys()].some(kid => !next.has(kid))
    ring = next
    if (lost) for (const listener of listeners) listener()
  }

  /** Takes over what another process changed. One reading ends before another begins: the newest always wins. */
  const reload = () => inTurn(read)

  const reloadSoon = gather(REREAD_EVERY_MS, reload)

  function present() {
    if (!signer) throw new Error('no key signs')
    return signer
  }

  const find = (kid: unknown): Jwt | undefined => ring.get(kid as string)?.jwt

  return {
    reload,
    /** Signs access tokens with the current key. */
    current: (): Jwt => present().access,
    /** A Token Status List as a JWT, signed with the current key; nothing here accepts it as an access token. */
    signStatusList: (claims: object): string => present().statusList.sign(claims),
    /** The key of a token header's `kid`; undefined for one that is not published. */
    find,
    /**
     * The same for one that `find` does not know, after the keys were read again: another process may have made it.
     * Whatever is sent, they are read ten times a second at most.
     */
    async discover(kid: unknown): Promise<Jwt | undefined> {
      if (typeof kid === 'string' && THUMBPRINT.test(kid)) await reloadSoon()
      return find(kid)
    },
    /** Calls back when a key is no longer accepted. */
    onChange: (listener: () => void): void => void listeners.push(listener),
    /** The key in a state of which there is one. */
    inState(state: 'current' | 'next'): KeyRow {
      const found = [...ring.values()].find(({ row }) => row.state === state)
      if (!found) throw new Error(`no key is ${state}`)
      return found.row
    },
    /** The published keys (RFC 7517 section 5). */
    jwks: (): { keys: PublicJwk[] } => ({
      keys: [...ring.values()].map(({ row }) => ({
        ...(JSON.parse(row.publicKey) as Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y' | 'n' | 'e'>),
        kid: row.kid,
        alg: row.algorithm as KeyAlgorithm,
        use: 'sig'
      }))
    }),
    list: (): KeyInfo[] => [...ring.values()].map(({ row: { publicKey: _, sealedPrivateKey: __, ...info } }) => info)
  }
}
