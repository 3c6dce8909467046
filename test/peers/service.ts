import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { type Document, documentOf, type Operation, operationsOf, resolved } from '../document.ts'
import { build, client } from '../helper.ts'

interface BodySchema {
  properties: Record<string, unknown>
  additionalProperties?: boolean
}

/** The service on a file, with an administrator who is signed in, and all that its document says. */
export async function service(t: Test, options: Options = {}) {
  const dataDir = t.testdir()
  const file = join(dataDir, 'a.db')
  const mailer = { send: async () => {}, close: async () => {} }
  const app = await build(t, { dataDir, databaseUrl: `sqlite:${file}`, authMetrics: 'on', ...options }, { mailer })
  const http = client(app)
  const administrator = (username: string) =>
    app.core.registration.create({
      username,
      email: `${username}@example.com`,
      password: 'correct horse',
      roles: ['admin']
    })
  await administrator('root')
  const { access, refresh } = await http.login('root')
  // Mails that wait would change the tables while a test looks at them.
  while ((await app.core.outbox.summary()).waiting > 0) await new Promise(resolve => setTimeout(resolve, 2))
  const document = await documentOf(app)

  /** All rows of all tables. */
  function everything(): string {
    const db = new Sqlite(file, { readonly: true })
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[]
    const rows = tables.map(name => [name, db.prepare(`SELECT * FROM "${name}"`).all().filter(isEffect)])
    db.close()
    return JSON.stringify(rows)
  }

  return {
    app,
    http,
    administrator,
    access,
    refresh,
    authorization: `Bearer ${access}`,
    document,
    operations: operationsOf(document),
    everything
  }
}

// That somebody looked at what is sensitive goes on record, and is no effect.
const isEffect = (row: unknown) => (row as { event?: string }).event !== 'sensitive_read'

/** The example of a JSON body, and its schema; undefined where none is taken. */
export function jsonOf(document: Document, { requestBody }: Operation) {
  const media = requestBody?.content['application/json']
  if (!media) return undefined
  return {
    example: media.example as Record<string, unknown>,
    schema: resolved(document, media.schema) as unknown as BodySchema
  }
}

/** The path of an operation with something in its parameters. */
export const pathOf = ({ path }: Operation) => path.replace(/\{\w+\}/g, '0')
