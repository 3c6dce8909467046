import t from 'tap'
import { resolveConfig } from '../../src/config.ts'
import { createCore } from '../../src/core/index.ts'
import type { Database } from '../../src/db/database.ts'
import { build } from '../helper.ts'

t.test('every statement has a name of its own, of at most 63 bytes: the server cuts what is longer', async t => {
  const options = { databaseUrl: 'sqlite::memory:', authSecret: 'a master secret that only tests have' }
  const { database, createJwt, mailer, overload } = await build(t, options)
  const names: string[] = []
  const db: Database = {
    ...database,
    prepare(name, statement) {
      names.push(name)
      return database.prepare(name, statement)
    }
  }
  const ignore = () => {}
  const config = resolveConfig(options)
  const told = { warn: ignore, tellOfMail: ignore, report: ignore }
  const core = await createCore({ db, config, createJwt, mailer, overload, now: Date.now, ...told })
  await core.close()
  t.ok(names.length > 100, `${names.length} statements`)
  t.same(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
    'none twice'
  )
  t.same(
    names.filter(name => !/^[a-z][a-z\d_]{2,62}$/.test(name)),
    []
  )
})
