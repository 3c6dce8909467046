import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { StoreStartError, StoreUnavailable } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/open.ts'
import { statements } from './store.ts'

const say = (line: string) => writeSync(1, `${line}\n`)

const commands: Record<string, (path: string, argument: string) => Promise<void>> = {
  /** Holds the write lock for some milliseconds. */
  hold: async (path, milliseconds) => {
    const sqlite = new Sqlite(path)
    sqlite.exec('BEGIN IMMEDIATE')
    say('locked')
    await sleep(Number(milliseconds))
    sqlite.exec('ROLLBACK')
    sqlite.close()
  },
  /** Opens the file, or what a URL of Postgres names, as the service does. */
  start: async path => {
    try {
      await (await openDatabase(path.startsWith('postgres:') ? path : `sqlite:${path}`)).close()
      say('ready')
    } catch (error) {
      say(error instanceof StoreStartError ? error.message : `unexpected: ${error}`)
    }
  },
  migrate: async (path, folder) => {
    const sqlite = new Sqlite(path)
    say('migrating')
    migrate(sqlite, folder)
    say('migrated')
  },
  /** Sixteen writers that say each key once its write is acknowledged, until killed or done. */
  write: async (path, argument) => {
    const [prefix, count] = argument.split(':')
    const db = await openDatabase(`sqlite:${path}`)
    const { insert } = statements(db)
    const limit = Number(count)
    let next = 0
    const writer = async () => {
      while (next < limit) {
        const key = `${prefix}${next++}`
        await insert(key)
        say(key)
      }
    }
    await Promise.all(Array.from({ length: 16 }, writer))
    await db.close()
  },
  /** Writes until the disk refuses, says what was acknowledged, what reads answer and how the refusal looks, and writes again. */
  fill: async path => {
    // A listener of the test runner ends the process for a write beyond the limit, unless there is another one.
    process.on('SIGXFSZ', () => {})
    const { insert, jtis } = statements(await openDatabase(`sqlite:${path}`))
    const acknowledged: string[] = []
    let refusal: unknown
    for (let i = 0; !refusal && i < 10_000; i++) {
      const keys = [`${i}a`, `${i}b`]
      const outcomes = await Promise.allSettled(keys.map(key => insert(key, 'x'.repeat(2_000))))
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') acknowledged.push(keys[index] ?? '')
        else refusal = outcome.reason
      }
    }
    const code = refusal instanceof StoreUnavailable && (refusal.cause as { code?: string }).code
    const present = await jtis()
    const [again] = await Promise.allSettled([insert('again')])
    say(JSON.stringify({ code, acknowledged, present, again: again?.status }))
  }
}

const [command = '', path = '', argument = ''] = process.argv.slice(2)
await commands[command]?.(path, argument)
