import t from 'tap'
import { freePort } from '../../tools/free-port.ts'
import { postgresDatabase } from '../own-database.ts'
import { ownServer, skip } from '../postgres/server.ts'
import { AUTH_SECRET, PASSWORD, refusal, tell } from './postgres-refusals.ts'
import { postern } from './process.ts'

const timeout = 110_000

t.test('a server that is not there is waited for, ten seconds long, then the reason is said', { timeout }, async t => {
  const port = await freePort()
  const began = performance.now()
  const [nobody, unknown, garbled] = await Promise.all([
    refusal(t, `postgres://u:${PASSWORD}@127.0.0.1:${port}/postern`),
    refusal(t, `postgres://u:${PASSWORD}@postgres.invalid/postern`),
    refusal(t, `postgres://u:p@ss/${PASSWORD}@127.0.0.1/postern`)
  ])
  const waited = performance.now() - began
  // Starting three processes takes long on a busy machine, too.
  t.ok(waited > 10_000 && waited < 60_000, `given up after ${waited.toFixed()} ms`)
  t.match(
    nobody,
    /^postern: Cannot use the database postgres:\/\/127\.0\.0\.1:\d+\/postern: no server answers there\. Start it/
  )
  t.match(unknown, /^postern: Cannot use the database postgres:\/\/postgres\.invalid\/postern: its host is not known\./)
  t.match(garbled, /^postern: Cannot use the database of DATABASE_URL: its host is not known\. .*write @ as %40/)
  t.match(
    await refusal(t, `postgres://u:${PASSWORD}#@db/x`),
    /^postern: Cannot use the database of DATABASE_URL: DATABASE_URL is no URL\./
  )
  t.match(
    await refusal(t, `postgres://u:${PASSWORD}%de@db/x`),
    / postgres:\/\/db\/x: DATABASE_URL is no URL\. .*% as %25/
  )
  const { stderr } = await postern(t, ['serve'], { env: { DATABASE_URL: `mysql://u:${PASSWORD}@db/x` } })
  t.match(stderr, /- DATABASE_URL: "mysql:\/\/\*\*\*@db\/x" does not fit; give sqlite:PATH, .* or postgres:/)
  t.notMatch(stderr, PASSWORD)
  const secretless = await postern(t, ['serve'], { env: { DATABASE_URL: 'postgres://db/x' } })
  t.match(secretless, { code: 1, stderr: /- AUTH_SECRET: with Postgres it must be set, the same for every instance/ })
})

t.test('a user whom the server refuses, and one without rights', { skip, timeout }, async t => {
  const server = await ownServer(t)
  const as = (url: string, user: string, password = '') => {
    const other = new URL(url)
    other.username = user
    other.password = password
    return other.href
  }
  await tell(
    server.url,
    `CREATE ROLE scram LOGIN PASSWORD '${PASSWORD}'`,
    'CREATE ROLE plain LOGIN',
    `COPY (VALUES ('host all scram all scram-sha-256'), ('host all stranger all reject'), ('host all all all trust'), ('host replication all all trust'), ('local all all trust')) TO '${server.folder}/pg_hba.conf'`,
    'SELECT pg_reload_conf()'
  )
  const empty = () => postgresDatabase(t, server.url, { empty: true })
  const migrated = () => postgresDatabase(t, server.url)

  t.test(
    'a wrong password, no password, a user who is not let in, a database that is not there',
    { timeout },
    async t => {
      const nowhere = new URL(server.url)
      nowhere.pathname = '/nowhere'
      const said = await Promise.all([
        refusal(t, as(server.url, 'scram', `${PASSWORD}-not`)),
        refusal(t, as(server.url, 'scram')),
        refusal(t, as(server.url, 'stranger')),
        refusal(t, nowhere.href),
        refusal(t, `${server.url}?sslmode=verify-full`)
      ])
      t.match(said, [
        /: the server refuses the user or the password of DATABASE_URL\. In a password write @ as %40/,
        /: the server refuses the user or the password of DATABASE_URL\./,
        /: the server does not let this user in from here\. .*pg_hba\.conf/,
        /\/nowhere: the server has no such database\. Create it: createdb NAME/,
        /: the server speaks no TLS\. .* remove sslmode/
      ])
    }
  )

  t.test(
    'a user without rights; one who may only read and write serves what another has migrated',
    { timeout },
    async t => {
      const url = await migrated()
      const said = await Promise.all([refusal(t, as(await empty(), 'plain')), refusal(t, as(url, 'plain'))])
      t.match(said, [
        /: its user lacks rights\. Let it own the database, or make the tables/,
        /: its user lacks rights\./
      ])
      await tell(url, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain')
      t.match(
        await refusal(t, as(url, 'plain')),
        /: its user may not read and write (\w+, )+\w+\. As their owner: GRANT SELECT/
      )
      await tell(url, 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain')
      const env = { DATABASE_URL: as(url, 'plain'), DATA_DIR: t.testdir({}), AUTH_SECRET }
      const made = await postern(t, ['user', 'create', '--username', 'ada'], { env, input: 'correct horse battery' })
      t.match(made, { code: 0, stderr: '', stdout: /^Created ada/ })
      t.match(await postern(t, ['session', 'revoke-all', 'ada'], { env }), { code: 0, stderr: '' })
    }
  )
})
