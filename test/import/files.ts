import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import { openDatabase } from '../../src/db/open.ts'
import { type Environment, inFolder, postern } from '../cli/process.ts'

/** A hash of Django whose password is `correct horse`, at a cost that keeps tests fast. */
export const HASH = 'pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY='

export const HEADER =
  'id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined'

/** A row of auth_user as `\copy ... csv header` writes it. */
export const csvRow = (id: number | string, username: string, email = `${username}@example.com`, password = HASH) =>
  `${id},${password},,f,${username},,,${email},f,t,2020-01-31 12:00:00+00`

export const csv = (...rows: string[]): string => `${[HEADER, ...rows].join('\n')}\n`

/** A deployment in a folder of its own, and imports into it. */
export function deployment(t: Test) {
  const folder = t.testdir({})
  const env: Environment = inFolder(folder)
  return {
    folder,
    env,
    /** Writes a file into the folder; gives its path. */
    async file(name: string, content: string | Buffer): Promise<string> {
      const path = join(folder, name)
      await writeFile(path, content)
      return path
    },
    /** Runs an import and reads its summary. */
    async run(path: string, ...options: string[]) {
      const { code, stdout, stderr } = await postern(t, ['user', 'import', path, '--json', ...options], { env })
      return { code, stderr, summary: stdout ? JSON.parse(stdout) : undefined }
    },
    /** The users that are there, by their name. */
    users: async () => await rows(env, 'test_users', (q, { users }) => q.select().from(users).orderBy(users.username)),
    revoked: async () =>
      await rows(env, 'test_revoked', (q, { revokedJti }) => q.select().from(revokedJti).orderBy(revokedJti.jti)),
    audit: async () =>
      await rows(env, 'test_audit', (q, { auditEvents }) => q.select().from(auditEvents).orderBy(auditEvents.id))
  }
}

type Db = Awaited<ReturnType<typeof openDatabase>>
type Build<Row> = (queries: Parameters<Parameters<Db['prepare']>[1]>[0], tables: Db['tables']) => PromiseLike<Row[]>

async function rows<Row>(env: Environment, name: string, build: Build<Row>): Promise<Row[]> {
  const db = await openDatabase(env.DATABASE_URL as string)
  try {
    return await db.read(db.prepare(name, q => build(q, db.tables))())
  } finally {
    await db.close()
  }
}

/** The SQLite file of a Django service with two users, a group and two refresh tokens, one of them blacklisted. */
export function djangoFile(path: string, users = 'auth_user'): void {
  const sqlite = new Sqlite(path)
  const owner = `${users.replace(/^.*_/, '')}_id`
  sqlite.exec(`
    CREATE TABLE ${users} (id integer PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime,
      is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL,
      email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL,
      first_name varchar(150) NOT NULL);
    CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150) NOT NULL);
    CREATE TABLE ${users}_groups (id integer PRIMARY KEY, ${owner} integer NOT NULL, group_id integer NOT NULL);
    CREATE TABLE token_blacklist_outstandingtoken (id integer PRIMARY KEY, jti varchar(255), expires_at datetime);
    CREATE TABLE token_blacklist_blacklistedtoken (id integer PRIMARY KEY, token_id integer NOT NULL);
    INSERT INTO ${users} VALUES
      (1, '${HASH}', '2025-11-02 09:41:07.123456', 1, 'ada', 'Lovelace', 'ada@example.com', 1, 1, '2020-01-31 12:00:00', 'Ada'),
      (7, '!unusable', NULL, 0, 'eve', '', '', 0, 0, '2021-01-31 12:00:00.5', '');
    INSERT INTO auth_group VALUES (3, 'editors');
    INSERT INTO ${users}_groups VALUES (1, 1, 3);
    INSERT INTO token_blacklist_outstandingtoken VALUES
      (1, 'dead', '2999-01-01 00:00:00'), (2, 'alive', '2999-01-01 00:00:00'), (3, 'expired', '2001-01-01 00:00:00');
    INSERT INTO token_blacklist_blacklistedtoken VALUES (1, 1), (2, 3);
  `)
  sqlite.close()
}
