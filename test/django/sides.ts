import Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import { eq } from '../../src/db/drizzle.ts'
import { build, client } from '../helper.ts'
import { authSecret, es256, hmac, stolenKeys } from '../routes/forgery.ts'
import { listen } from '../routes/socket.ts'
import { startDjango } from './server.ts'

/** A request as it is sent to either side. */
export interface Sent {
  path: string
  method?: string
  type?: string | undefined
  headers?: Record<string, string>
  body?: string | Buffer | undefined
}

/** Makes a request for a side, with tokens of that. */
export type Make = (side: Side) => Promise<Sent> | Sent

export const urlencoded = 'application/x-www-form-urlencoded'

export const json = (path: string, body: unknown): Sent => ({
  path,
  type: 'application/json',
  body: JSON.stringify(body)
})

export interface Pair {
  access: string
  refresh: string
}

/** A service with the same users as the other one, and with keys of its own. */
export interface Side {
  send(request: Sent): Promise<Response>
  /** The tokens of a new login. */
  pair(username?: string): Promise<Pair>
  /** The same token with other claims, signed with the right key; undefined takes a claim out. */
  resign(token: string, claims: object): string
  /** The same claims, signed with HS256 and a key that is not the right one. */
  forge(token: string): string
  disable(username: string): Promise<void>
  /** Goes past the time in which Postern takes a spent token once more. */
  pastGrace(): void
}

export const password = 'correct horse'
const usernames = ['ada', '100', 'zoë', 'leaver', 'left']

/** Starts SimpleJWT. */
export async function djangoSide(t: Test): Promise<Side> {
  const signingKey = 'a signing key that only this test knows'
  const { url, database, createUsers } = await startDjango(t, { signingKey, hasher: 'MD5PasswordHasher' })
  await createUsers(usernames.map(username => ({ username, password, email: `${username}@example.com` })))
  const side = sideAt(url)
  return {
    ...side,
    resign: (token, claims) => {
      const [header, present] = read(token)
      return hmac(header, { ...present, ...claims }, signingKey)
    },
    async disable(username) {
      const rows = new Sqlite(database)
      rows.prepare('update auth_user set is_active = 0 where username = ?').run(username)
      rows.close()
    },
    pastGrace: () => {}
  }
}

/** Starts Postern. */
export async function posternSide(t: Test): Promise<Side> {
  let ahead = 0
  const app = await build(t, { authSecret }, { now: () => Date.now() + ahead })
  for (const username of usernames)
    await client(app).register(username, password, username === 'zoë' ? 'zoe@example.com' : undefined)
  const keys = await stolenKeys(app)
  const { users } = app.database.tables
  return {
    ...sideAt(`http://127.0.0.1:${await listen(app)}`),
    resign: (token, claims) => {
      const [header, present] = read(token)
      const changed = { ...present, ...claims }
      return header.alg === 'HS256' ? hmac(header, changed, keys.refresh) : es256(header, changed, keys.access)
    },
    async disable(username) {
      const disable = app.database.prepare(`test_disable_${username}`, q =>
        q.update(users).set({ active: false }).where(eq(users.username, username)).returning()
      )
      await app.database.write(() => disable())
    },
    pastGrace: () => {
      ahead += 11_000
    }
  }
}

function sideAt(url: string): Pick<Side, 'send' | 'pair' | 'forge'> {
  const send = ({ path, method = 'POST', type, headers, body }: Sent) =>
    fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(type && { 'content-type': type }) },
      // Of bytes fetch says no type by itself.
      ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) })
    })
  return {
    send,
    async pair(username = 'ada') {
      const body = JSON.stringify({ username, password })
      return (await send({ path: '/api/token/', type: 'application/json', body })).json() as Promise<Pair>
    },
    forge: token => hmac(...read(token), 'a key of somebody else')
  }
}

function read(token: string): [header: Record<string, unknown>, claims: Record<string, unknown>] {
  const [header, claims] = token.split('.', 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return [header, claims]
}
