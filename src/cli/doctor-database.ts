import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, databaseFile } from '../config.ts'
import { damage, type Inspection, inspect } from '../db/inspect.ts'
import { countForeignHashes } from '../db/inspect-foreign-hashes.ts'
import type { Finding } from './finding.ts'
import { isWritable, openTo } from './permissions.ts'

/** Whether the database is sound and up to date; returns the signing keys in it. */
export function* checkDatabase(config: Config): Generator<Finding, Inspection['keys']> {
  const file = databaseFile(config)
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
  const { origin, missing, keys } = inspect(path)
  const problems = damage(path)
  yield problems.length > 0
    ? ['fail', `the database ${path} is damaged (${problems.join('; ')}). Keep a copy, then restore a backup`]
    : ['ok', `the database ${path} is sound`]
  yield tables(origin, missing)
  if (origin === 'ours' && missing === 0) yield* foreignHashes(path)
  return keys
}

function* foreignHashes(path: string): Generator<Finding> {
  const count = countForeignHashes(path)
  if (count === 0) return
  const who = count === 1 ? '1 imported user has' : `${count} imported users have`
  yield ['ok', `${who} not logged in yet: until then a password keeps the hash that it came with`]
}

function access(path: string): Finding {
  if (!isWritable(path)) return ['fail', `this user cannot write to ${path}. Give it to the user that runs Postern`]
  const others = openTo(statSync(path).mode)
  if (others) return ['warn', `the database, with all password hashes, is open to ${others}. Run: chmod 600 ${path}*`]
  return ['ok', 'the database is writable, and private']
}

function tables(origin: Inspection['origin'], missing: number): Finding {
  if (origin === 'foreign') return ['fail', 'the database belongs to another program. Correct DATABASE_URL']
  if (origin === 'newer') return ['fail', 'a newer version of Postern has changed the tables. Run that version']
  if (missing === 0) return ['ok', 'the tables are up to date']
  return ['warn', `the tables lack ${missing} of the migrations; the next start applies them, or: postern migrate`]
}
