import { randomBytes, randomUUID } from 'node:crypto'
import type { SQLiteTable as Table } from 'drizzle-orm/sqlite-core'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { Tables } from '../../src/db/schema.ts'
import type { Wiring } from '../../src/server.ts'
import { build, client, testClock } from '../helper.ts'
import { hmac } from '../routes/forgery.ts'

/** The SIGNING_KEY of a Django that only these tests know. */
export const KEY = 'the signing key of a Django that is not there'
export const HEADER = { alg: 'HS256', typ: 'JWT' }

/** All rows of a table. */
export function rows<Name extends 'sessions' | 'revokedJti' | 'auditEvents'>(app: FastifyInstance, name: Name) {
  const table: Tables[Name] = app.database.tables[name]
  const all = app.database.prepare(`test_rows_${randomUUID()}`, q => q.select().from(table as Table))
  return app.database.read(all()) as Promise<Tables[Name]['$inferSelect'][]>
}

/** Changes ada's row as no route does yet, or as an import has done. */
export async function alter(app: FastifyInstance, values: { legacyId?: string; active?: boolean; roles?: string[] }) {
  const { users } = app.database.tables
  const change = app.database.prepare(`test_alter_${randomUUID()}`, q => q.update(users).set(values).returning())
  await app.database.write(() => change())
}

/** A Postern that takes over from Django, where its only user, ada, was number 7; it mints what Django would have. */
export async function takingOver(t: Test, options: Options = {}, wiring: Wiring = {}) {
  const clock = testClock()
  const settings: Options = {
    authSimplejwtKey: KEY,
    authSimplejwtUntil: '2026-03-01',
    authEmailVerification: 'off',
    ...options
  }
  const app = await build(t, settings, { ...wiring, now: clock.now })
  const http = client(app)
  const { id } = (await http.register()).json()
  await alter(app, { legacyId: '7' })
  const claims = (more: object = {}) => {
    const iat = clock.now() / 1000 - 60
    return { token_type: 'refresh', exp: iat + 86_400, iat, jti: randomBytes(16).toString('hex'), user_id: 7, ...more }
  }
  const mint = (more?: object): string => hmac(HEADER, claims(more), KEY)
  const access = (more: object = {}): string => mint({ token_type: 'access', exp: clock.now() / 1000 + 240, ...more })
  return { app, http, clock, id, claims, mint, access }
}

/** What a token of ours says. */
export const read = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
