import type { Test } from 'tap'
import type { Database } from '../../src/db/database.ts'
import { sql } from '../../src/db/drizzle.ts'

const $ = sql.placeholder
/** When everything in these tests happens. */
export const at = new Date('2026-01-02T03:04:05.678Z')

/** Statements over the real tables that mean the same on every database. */
export function statements(db: Database) {
  const { users, revokedJti, clients } = db.tables
  const user = { emailVerified: false, roles: ['user'], active: true, createdAt: at }
  return {
    addUser: db.prepare('test_add_user', q =>
      q
        .insert(users)
        .values({
          ...user,
          id: $('id'),
          username: $('name'),
          usernameKey: $('name'),
          emailKey: $('email'),
          passwordVersion: 10,
          profile: $('profile')
        })
        .returning()
    ),
    raise: db.prepare('test_raise', q =>
      q
        .update(users)
        .set({ passwordVersion: sql`${users.passwordVersion} + ${$('by')}` })
        .where(sql`${users.id} = ${$('id')}`)
        .returning({ version: users.passwordVersion })
    ),
    user: db.prepare('test_user', q =>
      q
        .select()
        .from(users)
        .where(sql`${users.id} = ${$('id')}`)
    ),
    userIds: db.prepare('test_user_ids', q => q.select({ id: users.id }).from(users).orderBy(users.id)),
    add: db.prepare('test_add', q =>
      q
        .insert(revokedJti)
        .values({ jti: $('jti'), sid: 's', reason: $('reason'), revokedAt: at, expiresAt: at })
        .returning({ jti: revokedJti.jti })
    ),
    jtis: db.prepare('test_jtis', q => q.select({ jti: revokedJti.jti }).from(revokedJti).orderBy(revokedJti.jti)),
    addClient: db.prepare('test_add_client', q =>
      q
        .insert(clients)
        .values({ id: 'c', name: 'n', secretHash: 'h', scopes: [], createdAt: at })
        .returning({ id: clients.id })
    ),
    dropClients: db.prepare('test_drop_clients', q => q.delete(clients).returning({ id: clients.id }))
  }
}

/** A user for `addUser`. */
export const ada = { id: '1', name: 'ada', email: null, profile: {} }

/** One instance over a new database, with the statements over it. */
export async function openOne(t: Test, open: (t: Test) => Promise<Database[]>) {
  const [db] = (await open(t)) as [Database]
  const said = statements(db)
  return {
    db,
    ...said,
    jtis: async () => (await db.read(said.jtis())).map(({ jti }) => jti),
    insert: (jti: string) => db.write(() => said.add({ jti, reason: 'r' }))
  }
}
