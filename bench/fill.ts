import { randomBytes } from 'node:crypto'
import { v7 as uuid } from 'uuid'
import { readEnvironment } from '../src/config.ts'
import type { Session } from '../src/core/sessions.ts'
import { slot } from '../src/core/statements.ts'
import type { User } from '../src/core/users.ts'
import { buildServer } from '../src/server.ts'
import { settingsOf } from './settings.ts'

const DAY = 86_400_000
const BROWSER = 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/**
 * Makes a data folder with so many users, each with one living session, and gives the refresh tokens of `sample` sessions,
 * spread evenly over all of them.
 */
export async function fill(folder: string, rows: number, sample: number): Promise<string[]> {
  const server = buildServer({ ...readEnvironment(settingsOf(folder)), logLevel: 'silent' })
  await server.ready()
  const { core, database: db } = server
  const { users, sessions } = db.tables
  const exampleUser = createUser(0, 0)
  const exampleSession = createSession(exampleUser, 0)
  const addUser = db.prepare('bench_user', q =>
    q.insert(users).values(slotsOf(exampleUser)).returning({ id: users.id })
  )
  const addSession = db.prepare('bench_session', q =>
    q.insert(sessions).values(slotsOf(exampleSession)).returning({ id: sessions.id })
  )
  const tokens: string[] = []
  const now = Date.now()
  await db.write(function* () {
    for (let n = 0; n < rows; n++) {
      const user = createUser(n, now - 30 * DAY + n)
      const session = createSession(user, now - Math.floor(((rows - n) / rows) * 0.5 * DAY))
      yield* addUser(user)
      yield* addSession(session)
      if (Math.floor((n * sample) / rows) === tokens.length) tokens.push(core.tokens.pair(user, session).refresh)
    }
  })
  await server.close()
  return tokens
}

/** A slot for each value that the row has; Drizzle cannot encode a time that is null. */
const slotsOf = <Row extends object>(row: Row) => {
  const present = Object.entries(row).filter(([, value]) => value !== null)
  return Object.fromEntries(present.map(([name]) => [name, slot(name)])) as Row
}

function createUser(n: number, at: number): User {
  const username = `person-${n}`
  return {
    id: uuid({ msecs: at }),
    username,
    usernameKey: username,
    email: `${username}@example.com`,
    emailKey: `${username}@example.com`,
    emailVerified: true,
    passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${randomBytes(16).toString('base64url')}$${randomBytes(32).toString('base64url')}`,
    passwordVersion: 1,
    roles: [],
    profile: {},
    active: true,
    createdAt: new Date(at),
    lastLoginAt: new Date(at),
    unprovenEmailKey: null,
    legacyId: null
  }
}

/** A session that was refreshed at `at` for the last time. */
function createSession(user: User, at: number): Session {
  const time = new Date(at)
  return {
    id: uuid({ msecs: at }),
    userId: user.id,
    jti: randomBytes(16).toString('base64url'),
    prevJti: randomBytes(16).toString('base64url'),
    rotatedAt: time,
    authTime: time,
    amr: ['pwd'],
    idleExpiresAt: new Date(at + DAY),
    expiresAt: new Date(at + 30 * DAY),
    ip: '192.0.2.1',
    userAgent: BROWSER,
    createdAt: time,
    lastUsedAt: time,
    revokedAt: null,
    revokeReason: null,
    statusIndex: null
  }
}
