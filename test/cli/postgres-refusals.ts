import type pg from 'pg'
import type { Test } from 'tap'
import { asSuperuser } from '../own-database.ts'
import { type Environment, postern } from './process.ts'

export const PASSWORD = 's3cret-of-postgres'
export const AUTH_SECRET = 'a master secret that only tests have'

/** Starts the service, which must not start, and gives the only thing that it says; never the password. */
export async function refusal(t: Test, url: string, env: Environment = {}): Promise<string> {
  const { code, stdout, stderr } = await postern(t, ['serve'], {
    env: { PORT: '0', DATABASE_URL: url, DATA_DIR: t.testdir({}), AUTH_SECRET, ...env }
  })
  t.same([code, stdout], [1, ''])
  t.notMatch(stderr, PASSWORD)
  t.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  return stderr
}

/** What the doctor says about a deployment on that server. */
export const doctor = async (t: Test, url: string): Promise<string> => {
  const { code, stdout, stderr } = await postern(t, ['doctor'], {
    env: { DATABASE_URL: url, DATA_DIR: t.testdir({}), AUTH_SECRET }
  })
  t.equal(stderr, '')
  t.equal(code, /^fail/m.test(stdout) ? 1 : 0)
  return stdout
}

/** Runs statements on a server. */
export const tell = (url: string, ...statements: string[]) =>
  asSuperuser(url, async (client: pg.Client) => {
    for (const statement of statements) await client.query(statement)
  })
