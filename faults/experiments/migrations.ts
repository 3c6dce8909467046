import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { migrate, migrationsFolder } from '../../src/db/migrate.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { faultsIn, inspect } from '../harness/inspect.ts'
import { type Service, startService } from '../harness/service.ts'

const PROCESSES = 8
const READY_MS = 10_000
const SWEEP_MS = 15
const HEAD_START_MS = 250

/** The migrations as their journal lists them. */
const journal = (): Array<{ tag: string }> =>
  JSON.parse(readFileSync(join(migrationsFolder('sqlite'), 'meta/_journal.json'), 'utf8')).entries

/** Starts eight processes at once on one database and kills one of them while tables are made. */
export const migrations: Experiment = {
  name: 'migrations',
  title: 'Eight processes migrate at once, one is killed',
  holds: 'each migration is applied once, all are ready in 10 s',
  trials: 50,
  quick: 0,
  async run({ trials, folder, random, slack, say }) {
    const outcome = emptyOutcome()
    const known = journal().length
    let slowest = 0
    let undone = 0
    for (let trial = 0; trial < trials; trial++) {
      const at = join(folder, String(trial))
      mkdirSync(at)
      // Every second one is older, by any number of migrations.
      if (trial % 2 === 1) makeOlder(at, 1 + (Math.floor(trial / 2) % (known - 1)))
      // Every other pair begins with the one that will be killed, so that it is the one that migrates.
      const isFirst = trial % 4 >= 2
      const victim = await startService({ folder: at })
      if (isFirst) await sleep(random() * HEAD_START_MS)
      const others = await Promise.all(Array.from({ length: PROCESSES - 1 }, () => startService({ folder: at })))
      await until(() => existsSync(join(at, 'postern.db-wal')))
      await sleep(((trial + random()) / trials) * SWEEP_MS)
      victim.signal('SIGKILL')
      await victim.exited
      if ((await applied(at).catch(() => [])).length < known) undone += 1
      const again = await startService({ folder: at })
      const services = [...others, again]
      const took = await Promise.all(services.map(service => ready(service, READY_MS * slack, outcome)))
      slowest = Math.max(slowest, ...took)
      await examine(at, services, known, outcome)
      await Promise.all(services.map(service => service.stop()))
      outcome.violations.push(...(await faultsIn(join(at, 'postern.db'))))
      rmSync(at, { recursive: true })
      outcome.trials += 1
      outcome.faults += 1
      if (trial % 10 === 9) say(`${trial + 1} of ${trials}, slowest start ${Math.round(slowest)} ms`)
    }
    const figures = { 'ready max': `${Math.round(slowest)} ms`, 'killed before the commit': undone }
    return { ...outcome, figures }
  }
}

/** Makes a database as a version that knew only the first migrations has left it. */
function makeOlder(folder: string, count: number): void {
  const known = join(folder, 'known')
  cpSync(migrationsFolder('sqlite'), known, { recursive: true })
  writeFileSync(join(known, 'meta/_journal.json'), JSON.stringify({ entries: journal().slice(0, count) }))
  const sqlite = new Sqlite(join(folder, 'postern.db'))
  migrate(sqlite, known)
  sqlite.close()
  rmSync(known, { recursive: true })
}

async function ready(service: Service, withinMs: number, outcome: Outcome): Promise<number> {
  return service.ready(withinMs).catch((error: Error) => {
    outcome.violations.push(error.message)
    return withinMs
  })
}

/** Each migration once, in all processes one service: what one of them is told, the others know. */
async function examine(folder: string, services: Service[], known: number, outcome: Outcome): Promise<void> {
  const hashes = await applied(folder)
  if (hashes.length !== known || new Set(hashes).size !== known)
    outcome.violations.push(`${hashes.length} migrations were applied, ${new Set(hashes).size} different ones`)
  const clients = services.map(({ url }) => createClient(url))
  const registered = await clients[0]?.register('ada', 'ada@example.com', 'correct horse battery')
  if (registered?.status !== 201) outcome.violations.push(`the registration answered ${registered?.status}`)
  for (const client of clients) {
    const { status, body } = await client.login('ada', 'correct horse battery')
    const access = await clients[0]?.protected(String(body.access))
    if (status !== 200 || access?.status !== 200)
      outcome.violations.push(`a login answered ${status}, and its token was met with ${access?.status}`)
    else outcome.acknowledged += 1
  }
}

const applied = (folder: string): Promise<string[]> =>
  inspect(join(folder, 'postern.db'), sqlite =>
    sqlite.prepare('SELECT hash FROM __drizzle_migrations').pluck().all()
  ) as Promise<string[]>

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + READY_MS
  while (!condition() && performance.now() < giveUpAt) await turn()
}
