import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { v7 as uuid } from 'uuid'
import type { Database, Work } from '../db/database.ts'
import { asc, eq, sql } from '../db/drizzle.ts'
import { type FieldErrors, PosternError } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Revocations } from './revocations.ts'
import type { Secrets } from './secrets.ts'
import { slot } from './statements.ts'

export type Client = Database['tables']['clients']['$inferSelect']
export type Clients = ReturnType<typeof createClients>

/** A client with its secret, which can be read this once: only a hash of it is kept. */
export interface Registered {
  client: Client
  secret: string
}

interface Parts {
  db: Database
  revocations: Revocations
  secrets: Secrets
  audit: Audit
  now: Clock
}

const NAME = /^[^\p{C}]{1,100}$/u
/** A scope-token of RFC 6749 section 3.3, bounded. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/
const ID = /^[\w-]{1,64}$/
/** What the secret of a client that does not exist is compared with: no secret has this hash. */
const NOBODY = Buffer.alloc(32)
const RECENT = 1_000

// A secret of 256 random bits cannot be guessed from its hash, so a slow one would protect nothing.
const digest = (secret: string): Buffer => hash('sha256', secret, 'buffer')
const drawSecret = (): string => randomBytes(32).toString('base64url')

/** The services that ask about tokens or get some of their own (RFC 6749 section 2). */
export function createClients({ db, revocations, secrets, audit, now }: Parts) {
  const { clients } = db.tables
  const thatOne = eq(clients.id, slot('id'))
  const insert = db.prepare('client_insert', q =>
    q
      .insert(clients)
      .values({
        id: slot('id'),
        name: slot('name'),
        secretHash: slot('secretHash'),
        scopes: slot('scopes'),
        createdAt: slot('createdAt')
      })
      .returning()
  )
  const find = db.prepare('client_find', q => q.select().from(clients).where(thatOne))
  const all = db.prepare('client_all', q => q.select().from(clients).orderBy(asc(clients.id)))
  const remove = db.prepare('client_delete', q => q.delete(clients).where(thatOne).returning())
  const setSecret = db.prepare('client_set_secret', q =>
    q
      .update(clients)
      .set({ secretHash: sql`${slot('secretHash')}` })
      .where(thatOne)
      .returning()
  )

  // Saves the look-up while nothing at all was revoked since the last: whoever asks about tokens asks often.
  const recent = new LRUCache<string, { client: Client; foundIn: number }>({ max: RECENT })

  async function current(id: string): Promise<Client | undefined> {
    // Taken before the look-up: what changes meanwhile asks for another one.
    const epoch = revocations.epoch()
    const entry = recent.get(id)
    if (entry?.foundIn === epoch) return entry.client
    const [client] = await db.read(find({ id: ID.test(id) ? id : '' }))
    if (client) recent.set(id, { client, foundIn: epoch })
    return client
  }

  const known = (client: Client | undefined, id: string): Client => {
    if (client) return client
    throw new PosternError('not_found', { detail: `There is no client ${id}.` })
  }

  return {
    /** Registers a client. Throws `validation_failed` with every problem by field. */
    async create(name: string, scopes: string[]): Promise<Registered> {
      const errors: FieldErrors = {
        ...(!NAME.test(name.trim()) && { name: ['Must be 1 to 100 printable characters.'] }),
        ...(!scopes.every(scope => SCOPE.test(scope)) && {
          scope: ['Must be 1 to 100 printable ASCII characters without space, quote and backslash.']
        })
      }
      if (Object.keys(errors).length > 0) throw new PosternError('validation_failed', { errors })
      const secret = drawSecret()
      const values = {
        id: uuid(),
        name: name.trim(),
        secretHash: digest(secret).toString('base64url'),
        scopes: [...new Set(scopes)],
        createdAt: new Date(now())
      }
      const client = await db.write(function* () {
        const [client] = yield* insert(values)
        yield* audit.record({ event: 'client_created', detail: { client: values.id, scopes: values.scopes } })
        return client as Client
      })
      return { client, secret }
    },

    /** All clients, oldest first. */
    list: (): Promise<Client[]> => db.read(all()),

    /** The client inside a transaction; undefined when it is gone. */
    *at(id: string): Work<Client | undefined> {
      return (yield* find({ id }))[0]
    },

    /** Deletes a client and refuses all its tokens. Throws `not_found`. */
    async delete(id: string): Promise<Client> {
      const deleted = await db.write(function* () {
        const [client] = yield* remove({ id })
        if (!client) return undefined
        yield* revocations.revokeSession(id, 'client_deleted')
        yield* audit.record({ event: 'client_deleted', detail: { client: id } })
        return client
      })
      return known(deleted, id)
    },

    /** Replaces the secret at once; tokens that are out stay valid. Throws `not_found`. */
    async rotateSecret(id: string): Promise<Registered> {
      const secret = drawSecret()
      const changed = await db.write(function* () {
        recent.delete(id)
        const [client] = yield* setSecret({ id, secretHash: digest(secret).toString('base64url') })
        if (client) yield* audit.record({ event: 'client_secret_rotated', detail: { client: id } })
        return client
      })
      return { client: known(changed, id), secret }
    },

    /** The client that these credentials are right for. Its id is no secret (RFC 6749 section 2.2), only the secret is. */
    async authenticate(id: string, secret: string): Promise<Client | undefined> {
      const client = await current(id)
      const expected = client ? Buffer.from(client.secretHash, 'base64url') : NOBODY
      return timingSafeEqual(expected, digest(secret)) ? client : undefined
    },

    /** Records that somebody failed to authenticate as a client. */
    noteFailure: (id: string, ip: string): Promise<void> =>
      db.write(() => audit.record({ event: 'authn_login_fail', ip, detail: { client: secrets.pseudonym(id) } }))
  }
}
