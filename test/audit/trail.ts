import { copyFileSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type Options, resolveConfig } from '../../src/config.ts'
import { sealKeys } from '../../src/core/audit-chain.ts'
import { type TrailKeys, type Verdict, verifyTrail } from '../../src/core/audit-verification.ts'
import { openSecrets } from '../../src/core/secrets.ts'
import { inspectFile } from '../../src/db/inspect.ts'
import { inspectAudit } from '../../src/db/inspect-audit.ts'
import { build, client, type TestClock, testClock } from '../helper.ts'

export const MINUTE = 60_000
export const DAY = 86_400_000

const authSecret = 'a master secret of these tests, long enough'

/** A service with its trail in a file, and what looks at that from outside. */
export interface TrailService {
  app: FastifyInstance
  http: ReturnType<typeof client>
  clock: TestClock
  path: string
  /** Lets a minute pass, and does what is done each minute. */
  minute(): Promise<void>
}

export async function trailService(t: Test, options: Options = {}, clock = testClock()): Promise<TrailService> {
  const path = `${t.testdir({})}/postern.db`
  const app = await build(t, { databaseUrl: `sqlite:${path}`, authSecret, ...options }, { now: clock.now })
  return {
    app,
    http: client(app),
    clock,
    path,
    async minute() {
      clock.advance(MINUTE)
      await app.core.housekeeping.sweep()
    }
  }
}

/** What the operator checks with, who has the master secret. */
export async function operatorsKeys(): Promise<TrailKeys & { macKey: Buffer }> {
  const { auditSealSeed, auditMacKey } = await openSecrets(resolveConfig({ authSecret }), true)
  return { kid: sealKeys(auditSealSeed).kid, macKey: auditMacKey }
}

export const verify = (path: string, keys: TrailKeys): Verdict =>
  inspectFile(path, function* (reader) {
    return yield* verifyTrail(yield* inspectAudit(reader), keys)
  })

/** Somebody with the file and without the secret: works on a copy, whose path it gives. */
export function forge(path: string, name: string, work: (sqlite: Sqlite.Database) => void): string {
  const copy = `${path}-${name.replaceAll(/\W+/g, '-')}`
  copyFileSync(path, copy)
  const sqlite = new Sqlite(copy)
  work(sqlite)
  sqlite.close()
  return copy
}
