import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Presets, SingleBar } from 'cli-progress'
import { Value } from 'typebox/value'
import { type CopyProgress, copyStore } from '../db/copy.ts'
import { Options } from '../options.ts'
import { UsageError, type Values } from './command.ts'
import { print } from './print.ts'

const LINE_EVERY = 100_000
const DOING = { copy: 'Copying', check: 'Comparing' }

/** Copies everything from a SQLite file to a Postgres database, compares both, and prints what was copied. */
export async function migrateStore({
  from = '',
  to = process.env.DATABASE_URL ?? '',
  json
}: Values): Promise<undefined> {
  const path = fileOf(from)
  demandServer(to)
  const progress = process.stderr.isTTY ? asBar() : asLines()
  const copied = await copyStore(path, to, progress.show).finally(progress.end)
  const rows = copied.reduce((sum, table) => sum + table.rows, 0)
  await print(
    json
      ? copied.map(table => JSON.stringify(table))
      : [
          ...copied.map(
            ({ table, rows, sha256 }) => `${table.padEnd(18)}${rows.toString().padStart(12)}  ${sha256.slice(0, 16)}`
          ),
          `Copied ${rows} rows, and read them all again from both: they are the same.`,
          `Start with this DATABASE_URL and the same master secret; nobody has to log in again. Then put ${path} away.`
        ]
  )
}

function fileOf(from: string): string {
  if (!/^sqlite:.+/.test(from) || from === 'sqlite::memory:')
    throw new UsageError('migrate-store: --from is sqlite:PATH, such as sqlite:./data/postern.db')
  const path = resolve(from.slice('sqlite:'.length))
  if (!existsSync(path)) throw new UsageError(`migrate-store: there is no file ${path}`)
  return path
}

function demandServer(to: string): void {
  // What was given is not repeated: it may hold a password.
  if (!/^postgres(ql)?:/.test(to) || !Value.Check(Options.properties.databaseUrl, to))
    throw new UsageError('migrate-store: --to, or DATABASE_URL, is postgres://USER:PASSWORD@HOST/DATABASE')
}

function asBar() {
  const bar = new SingleBar(
    { format: '{doing} {bar} {percentage} %, {table}', clearOnComplete: true, stream: process.stderr },
    Presets.shades_classic
  )
  let current: CopyProgress['phase'] | undefined
  return {
    show({ phase, table, done, total }: CopyProgress): void {
      if (phase !== current) bar.start(total, 0, { doing: DOING[phase], table })
      current = phase
      bar.update(done, { table })
    },
    end: () => bar.stop()
  }
}

function asLines() {
  let current: CopyProgress['phase'] | undefined
  let next = LINE_EVERY
  return {
    show({ phase, done, total }: CopyProgress): void {
      if (phase !== current) next = LINE_EVERY
      current = phase
      if (done < next) return
      process.stderr.write(`${DOING[phase]}: ${done} of ${total} rows\n`)
      next = done - (done % LINE_EVERY) + LINE_EVERY
    },
    end(): void {}
  }
}
