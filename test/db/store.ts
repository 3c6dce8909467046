import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import type { Test } from 'tap'
import { connect } from '../../src/db/connection.ts'
import type { Database } from '../../src/db/database.ts'
import { serve } from '../../src/db/sqlite.ts'

const $ = sql.placeholder
const at = new Date('2026-01-02T03:04:05.678Z')

/** A few statements over the real tables: `add` one revoked jti, `all` of them, `addUser`, `addSession`. */
export function statements(db: Database) {
  const { revokedJti, users, sessions } = db.tables
  const add = db.prepare('test_add', q =>
    q
      .insert(revokedJti)
      .values({ jti: $('jti'), sid: 's', reason: $('reason'), revokedAt: at, expiresAt: at })
      .returning({ jti: revokedJti.jti })
  )
  const all = db.prepare('test_all', q => q.select({ jti: revokedJti.jti }).from(revokedJti).orderBy(sql`rowid`))
  const addUser = db.prepare('test_add_user', q =>
    q
      .insert(users)
      .values({
        id: $('id'),
        username: $('username'),
        usernameKey: $('username'),
        emailKey: $('email'),
        emailVerified: false,
        passwordVersion: 1,
        roles: ['user'],
        profile: { born: 1815 },
        active: true,
        createdAt: at
      })
      .returning()
  )
  const addSession = db.prepare('test_add_session', q =>
    q
      .insert(sessions)
      .values({
        id: $('id'),
        userId: $('userId'),
        jti: 'j',
        rotatedAt: at,
        authTime: at,
        amr: ['pwd'],
        idleExpiresAt: at,
        expiresAt: at,
        createdAt: at,
        lastUsedAt: at
      })
      .returning({ id: sessions.id })
  )
  const jtis = async () => (await db.read(all())).map(row => row.jti)
  const insert = (jti: string, reason = 'r') => db.write(() => add({ jti, reason }))
  return { add, all, addUser, addSession, jtis, insert }
}

/** A store in a file of its own; closed when the test ends. */
export async function open(t: Test, path = `${t.testdir({})}/postern.db`) {
  const connection = await connect(path)
  const db = serve(connection)
  t.teardown(() => db.close())
  return { path, connection, db, ...statements(db) }
}

/** How many commits the write-ahead log holds: a frame that ends one carries the size of the database. */
export function commitsIn(path: string): number {
  const wal = readFileSync(`${path}-wal`)
  const frame = 24 + wal.readUInt32BE(8)
  let commits = 0
  for (let offset = 32; offset + frame <= wal.length; offset += frame) if (wal.readUInt32BE(offset + 4) > 0) commits++
  return commits
}

const child = fileURLToPath(new URL('child.ts', import.meta.url))

/** In front of a command: root without what lets it write where it may not; others are without it anyway. */
export const unprivileged = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : []

/** In front of a command: no file of it grows beyond so many blocks. */
export const withFilesUpTo = (blocks: number) => ['sh', '-c', `ulimit -f ${blocks}; exec "$0" "$@"`]

/** Runs a command of child.ts in a process of its own; `line()` is its next line, `rest()` all that follow until it ends. */
export function run(t: Test, args: string[], before: string[] = []) {
  const [file = '', ...rest] = [...before, process.execPath, child, ...args]
  const started = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(started, 'exit')
  t.teardown(() => started.kill('SIGKILL'))
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]()
  return {
    exit,
    kill: () => started.kill('SIGKILL'),
    line: async () => String((await lines.next()).value),
    rest: async () => {
      const all: string[] = []
      for await (const line of { [Symbol.asyncIterator]: () => lines }) all.push(line)
      await exit
      return all
    }
  }
}
