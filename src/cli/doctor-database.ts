import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, databaseFile } from '../config.ts'
import { damage, inspectFile } from '../db/inspect.ts'
import type { Inspection } from '../db/reader.ts'
import { checkTables } from './doctor-tables.ts'
import type { Finding } from './finding.ts'
import { isWritable, openTo } from './permissions.ts'

/** Whether the database is sound and up to date; returns the signing keys in it. */
export async function* checkDatabase(config: Config): AsyncGenerator<Finding, Inspection['keys']> {
  const file = databaseFile(config)
  if (file === undefined) return yield* (await import('./doctor-postgres.ts')).checkPostgres(config)
  if (file === ':memory:') {
    yield ['warn', 'the database is in memory: every end loses all accounts. Set DATABASE_URL to sqlite:PATH']
    return []
  }
  const path = resolve(file)
  if (!existsSync(path)) {
    yield ['ok', `there is no database yet: the first start makes ${path}`]
    return []
  }
  try {
    return yield* checkFile(path)
  } catch (error) {
    const reason = (error as Error).message
    yield ['fail', `the database ${path} cannot be read: ${reason}. Correct DATABASE_URL, or restore a backup`]
    return []
  }
}

function* checkFile(path: string): Generator<Finding, Inspection['keys']> {
  yield access(path)
  const { findings, keys } = inspectFile(path, checkTables)
  const problems = damage(path)
  yield problems.length > 0
    ? ['fail', `the database ${path} is damaged (${problems.join('; ')}). Keep a copy, then restore a backup`]
    : ['ok', `the database ${path} is sound`]
  yield* findings
  return keys
}

function access(path: string): Finding {
  if (!isWritable(path)) return ['fail', `this user cannot write to ${path}. Give it to the user that runs Postern`]
  const others = openTo(statSync(path).mode)
  if (others) return ['warn', `the database, with all password hashes, is open to ${others}. Run: chmod 600 ${path}*`]
  return ['ok', 'the database is writable, and private']
}
