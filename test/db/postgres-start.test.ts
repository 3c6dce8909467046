import t from 'tap'
import { readMigrationFiles } from '../../src/db/drizzle.ts'
import { migrationsFolder } from '../../src/db/migrate.ts'
import { asSuperuser, postgresDatabase } from '../own-database.ts'
import { anyServer, skip } from '../postgres/server.ts'
import { run } from './store.ts'

t.test(
  'eight processes that start at once on an empty database are all ready, each migration applied once',
  {
    skip
  },
  async t => {
    const url = await postgresDatabase(t, await anyServer(t), { empty: true })
    const answers = await Promise.all(Array.from({ length: 8 }, () => run(t, ['start', url]).rest()))
    t.same(answers, Array(8).fill(['ready']))
    const { rows } = await asSuperuser(url, client => client.query('SELECT hash FROM __drizzle_migrations ORDER BY id'))
    t.same(
      rows,
      readMigrationFiles({ migrationsFolder: migrationsFolder('postgres') }).map(({ hash }) => ({ hash }))
    )
  }
)
