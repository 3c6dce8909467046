import { pbkdf2Sync } from 'node:crypto'
import Sqlite from 'better-sqlite3'
import { password, register } from '../accounts.ts'
import type { Row } from '../figure.ts'
import { databaseIn } from '../settings.ts'
import { latencyDuringLogins } from './latency.ts'

/** What Django 5.2 makes. */
const ITERATIONS = 1_000_000

/** How long GET /api/protected/ takes while users log in for the first time after they were imported from Django. */
export const foreignLogins: Row = async ({ plan, startPostern, folder }) => {
  const at = await folder()
  const { port } = await startPostern(at)
  await register(port, plan.users)
  const digest = pbkdf2Sync(password, 'salt', ITERATIONS, 32, 'sha256').toString('base64')
  // A login replaces the hash: each round needs it anew.
  const prepare = () => {
    const sqlite = new Sqlite(databaseIn(at), { timeout: 5_000 })
    sqlite.prepare('UPDATE users SET password_hash = ?').run(`pbkdf2_sha256$${ITERATIONS}$salt$${digest}`)
    sqlite.close()
  }
  return [
    await latencyDuringLogins(plan, port, {
      inFlight: 8,
      of: 'first logins after an import from Django',
      most: 50,
      prepare
    })
  ]
}
