import { existsSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { type Config, databaseFile, readEnvironment, resolveConfig } from '../config.ts'
import { copyDatabase, type SealedCopy, sealCopy, synchronize } from '../db/backup.ts'
import { inspect } from '../db/inspect.ts'
import { StartError } from '../errors.ts'
import { showBackup } from './backup-progress.ts'
import { refused, unfinished } from './backup-refusals.ts'
import type { Values } from './command.ts'
import { print } from './print.ts'

/** The one of two processes that need the same processor which may wait. */
const PATIENT = 10

/** Copies the database into a file, beside a running server too, and prints what is in it and what is not. */
export async function backup({ force = false, json }: Values, path: string): Promise<undefined> {
  const config = resolveConfig(readEnvironment(process.env))
  const [from, to] = [sourceOf(config, path), resolve(path)]
  demandPlace(from, to, force)
  setPriority(Math.max(getPriority(), PATIENT))
  const began = performance.now()
  const { asOf, users } = await copyInto(from, to)
  const seconds = Math.round((performance.now() - began) / 100) / 10
  const { size: bytes } = statSync(to)
  await print(
    json
      ? [JSON.stringify({ file: to, bytes, users, as_of: asOf.toISOString(), seconds, not_included: secretOf(config) })]
      : [
          `Backed up ${from} to ${to}: ${megabytes(bytes)}, ${users} ${users === 1 ? 'user' : 'users'}, as of ${asOf.toISOString()}.`,
          `It is useless without the master secret, and dangerous beside it: keep ${secretOf(config)} too, somewhere else.`
        ]
  )
}

function sourceOf(config: Config, path: string): string {
  const file = databaseFile(config)
  if (file === undefined)
    throw new StartError(
      `DATABASE_URL is a Postgres server, which brings its own backups. Run: pg_dump --format=custom --file=${path} "$DATABASE_URL"`
    )
  if (file === ':memory:')
    throw new StartError('DATABASE_URL is sqlite::memory:, of which there is nothing to keep; name a file.')
  if (!existsSync(file)) throw refused(`There is no database ${resolve(file)}. Correct DATABASE_URL.`)
  return resolve(file)
}

function demandPlace(from: string, to: string, force: boolean): void {
  if (!existsSync(dirname(to))) throw refused(`The directory ${dirname(to)} does not exist. Create it.`)
  if (!existsSync(to)) return
  if (statSync(to).isDirectory()) throw refused(`${to} is a directory. Name a file in it.`)
  if ([from, `${from}-wal`, `${from}-shm`].some(file => existsSync(file) && realpathSync(file) === realpathSync(to)))
    throw refused(`${to} is the database itself. Name another file.`)
  if (!force) throw refused(`${to} exists. Name another file, or give --force to replace it.`)
}

/** Under its name there is the whole, sound copy on the disk, or what was there before. */
async function copyInto(from: string, to: string): Promise<{ asOf: Date } & SealedCopy> {
  const draft = join(dirname(to), `.${basename(to)}.${process.pid}`)
  const discard = () => {
    for (const file of [draft, `${draft}-journal`]) rmSync(file, { force: true })
  }
  const stop = (signal: NodeJS.Signals) => {
    discard()
    process.kill(process.pid, signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, stop)
  const progress = showBackup()
  try {
    demandOurs(from)
    const asOf = await copyDatabase(from, draft, Date.now, progress.copied)
    progress.checking()
    const sealed = sealCopy(draft)
    if (sealed.damage.length > 0) throw refused(`The database ${from} is damaged (${sealed.damage.join('; ')}).`)
    renameSync(draft, to)
    // Windows opens no directory, and keeps names by itself.
    if (process.platform !== 'win32') synchronize(dirname(to))
    return { asOf, ...sealed }
  } catch (error) {
    throw unfinished(error, from, to)
  } finally {
    for (const signal of signals) process.off(signal, stop)
    progress.end()
    discard()
  }
}

function demandOurs(from: string): void {
  const { origin } = inspect(from)
  if (origin === 'foreign') throw refused(`${from} belongs to another program. Correct DATABASE_URL.`)
  if (origin === 'empty') throw refused(`${from} is empty: there is nothing to keep yet.`)
}

const secretOf = ({ authSecret, secretFile }: Config): string => (authSecret ? 'AUTH_SECRET' : secretFile)

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
