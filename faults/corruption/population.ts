import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { createClient, type OAuthClient } from '../harness/client.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { addOAuthClient, startService } from '../harness/service.ts'

/** Somebody whose password and tokens are known. */
export interface Person {
  id: string
  name: string
  password: string
  access: string
  refresh: string
}

const START_MS = 15_000
const LOAD_MS = 1_000
const KILLS = 3
const PEOPLE = 6

/** Fills a folder by a load with kills, so that the last commits are in the log only; gives those who live there. */
export async function populate(folder: string, seed: number): Promise<Person[]> {
  const ledger = openLedger()
  const people: Person[] = []
  let oauth: OAuthClient | undefined
  for (let kill = 0; kill < KILLS; kill++) {
    const service = await startService({ folder })
    await service.ready(START_MS)
    oauth ??= await addOAuthClient(folder)
    for (let number = 0; number < PEOPLE / KILLS; number++)
      people.push(await settle(service.url, `person-${kill}-${number}`))
    const load = startLoad({ ...service, ledger, actors: 4, oauth, seed: seed + kill })
    await sleep(LOAD_MS)
    service.signal(kill === 0 ? 'SIGTERM' : 'SIGKILL')
    await service.exited
    await load.stop()
  }
  return people
}

/** Writes the log back into the database file, so that damage to the file is not hidden by newer pages in the log. */
export function writeBack(folder: string): void {
  const sqlite = new Sqlite(join(folder, 'postern.db'))
  sqlite.pragma('wal_checkpoint(TRUNCATE)')
  sqlite.close()
}

async function settle(url: string, name: string): Promise<Person> {
  const client = createClient(url)
  const password = `the pass phrase of ${name}`
  const { body: user } = await client.register(name, `${name}@example.com`, password)
  const { body: tokens } = await client.login(name, password)
  return { id: String(user.id), name, password, access: String(tokens.access), refresh: String(tokens.refresh) }
}
