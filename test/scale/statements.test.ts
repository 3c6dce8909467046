import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import t from 'tap'
import { until } from '../cli/process.ts'
import { build, client } from '../helper.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { ownServer, skip } from '../postgres/server.ts'

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'scale.md'), 'utf8')
const [, table = ''] = /<!-- statements -->\n([\s\S]*?)<!-- \/statements -->/.exec(guide) ?? []
const published = table
  .split('\n')
  .slice(2)
  .filter(Boolean)
  .map(row => row.split('|').map(cell => cell.trim()))
  .map(([, name = '', statements = '', trips, commits]) => [
    name.replace(/ \(.*/, ''),
    Number.parseInt(statements, 10),
    Number(trips),
    Number(commits)
  ])

/** What no request sends: the connection that follows changes, and work that is done every second. */
const FEED = /changes_look|NOTIFY|execute (?:mail_any_due|signing_key_all|revocation_recent)/
const KEEPS = /execute (?:\w+): (?:insert|update|delete)/

t.test('the guide counts the statements of each request as the server does', { skip }, async t => {
  const settings = ['log_statement=all', 'logging_collector=on', 'log_directory=log', 'log_filename=all', 'fsync=off']
  const server = await ownServer(t, settings)
  const databaseUrl = await postgresDatabase(t, server.url)
  const authSecret = 'a master secret that only tests have'
  const app = await build(t, { databaseUrl, authSecret, dataDir: t.testdir(), authRateLimit: 'on' })
  const http = client(app)
  const log = () => readFileSync(join(server.folder, 'log', 'all'), 'utf8')

  /** The statements that a request sends: those between two marks in the log. */
  async function sentBy(marker: Client, work: () => Promise<unknown>): Promise<string[]> {
    const mark = async () => {
      const name = `mark ${Math.random()}`
      await marker.query(`SELECT '${name}'`)
      return until(async () => {
        const at = log().indexOf(name)
        if (at < 0) await sleep(20)
        return at >= 0 && at
      })
    }
    const from = await mark()
    await work()
    // Before the log is read: what a server has done may be written later.
    const to = await mark()
    return log()
      .slice(from, to)
      .split('\n')
      .slice(1, -1)
      .filter(line => /LOG: {2}(execute|statement)/.test(line) && !FEED.test(line))
  }

  await asSuperuser(server.url, async marker => {
    let tokens = { access: '', refresh: '' }
    const login = async () => {
      tokens = await http.login()
    }
    // Until connections and statements are there, and the devices are known.
    await http.register('warm')
    await http.register()
    for (let at = 0; at < 2; at++) {
      await login()
      await http.protected(tokens.access)
      await http.refresh(tokens.refresh)
    }
    await login()
    const counted: unknown[][] = []
    const count = async (name: string, work: () => Promise<unknown>) => {
      const lines = await sentBy(marker, work)
      const begins = lines.filter(line => line.endsWith('BEGIN')).length
      const single = begins === 0 && lines.some(line => KEEPS.test(line)) ? 1 : 0
      // BEGIN goes out with the first statement.
      counted.push([name, lines.length, lines.length - begins, begins + single])
    }
    await http.protected(tokens.access)
    await count('a check', () => http.protected(tokens.access))
    await login()
    await count('the first check of a user since a change', () => http.protected(tokens.access))
    await count('refresh', async () => {
      tokens = (await http.refresh(tokens.refresh)).json()
    })
    await count('login', login)
    await count('logout', () => http.logout(tokens.refresh))
    await count('registration', () => http.register('eve'))
    t.same(published, counted)
  })
})
