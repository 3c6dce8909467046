import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'

// node faults/locked/hold.ts FILE write|read MILLISECONDS: holds a lock, or a snapshot, of a SQLite file, and says `held`.
const [path = '', kind, milliseconds] = process.argv.slice(2)
const sqlite = new Sqlite(path, { timeout: 10_000 })
sqlite.exec(kind === 'write' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT count(*) FROM users')
process.stdout.write('held\n')
await sleep(Number(milliseconds))
sqlite.exec('ROLLBACK')
sqlite.close()
