import { chmodSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import { checkDatabase } from '../../src/cli/doctor-database.ts'
import { checkFolders } from '../../src/cli/doctor-folders.ts'
import { checkSecret } from '../../src/cli/doctor-secret.ts'
import { checkSettings } from '../../src/cli/doctor-settings.ts'
import { type Options, resolveConfig } from '../../src/config.ts'
import { damage, inspect } from '../../src/db/inspect.ts'
import { build } from '../helper.ts'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

/** The names of all files in a folder, and what is in them; -shm is memory that readers share. */
const contents = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map(name => [name, name.endsWith('-shm') ? '' : readFileSync(`${folder}/${name}`, 'base64')])

/** A deployment that has served before, and its settings. */
async function deployment(t: Test) {
  const folder = t.testdir({})
  chmodSync(folder, 0o700)
  const options: Options = { databaseUrl: `sqlite:${folder}/postern.db` }
  await (await build(t, options)).close()
  chmodSync(`${folder}/postern.db`, 0o600)
  return { folder, path: `${folder}/postern.db`, config: resolveConfig(options) }
}

const keysIn = (path: string) => inspect(path).keys

async function all<T>(findings: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const finding of findings) found.push(finding)
  return found
}

t.test('before the first start there is nothing to complain about, and nothing is made', async t => {
  const folder = t.testdir({})
  const { code, stdout, stderr } = await postern(t, ['doctor'], { env: inFolder(`${folder}/data`) })
  t.same([code, stderr], [0, ''])
  t.match(stdout, /^ok {4}Node\.js \d+\.\d+\.\d+\nok {4}the settings are valid\nok {4}the clock says 20\d\d\n/)
  t.match(stdout, /^warn {2}PUBLIC_URL is not set: only this machine can use http:\/\/127\.0\.0\.1:8000\. /m)
  for (const thing of ['data folder', 'database', 'master secret'])
    t.match(stdout, new RegExp(`^ok    there is no ${thing} yet: the first start makes /`, 'm'))
  t.same(readdirSync(folder), [])
})

t.test('a deployment is looked at without a change to it, while it serves and after it was killed', async t => {
  const folder = t.testdir({})
  const env = inFolder(`${folder}/data`, { PUBLIC_URL: 'http://auth.localhost', AUTH_DOCS: 'off' })
  const server = await serve(t, `${folder}/data`)
  const during = await postern(t, ['doctor'], { env })
  t.equal(during.code, 0)
  t.notMatch(during.stdout, /^(warn|fail) {2}(?!the disk)/m)
  t.match(
    during.stdout,
    /^ok {4}the master secret opens all 2 signing keys\nok {4}the current key has signed for 0 days$/m
  )
  await server.stop('SIGKILL')
  const before = contents(`${folder}/data`)
  t.ok(before.some(([name]) => name === 'postern.db-wal'))
  const after = await postern(t, ['doctor'], { env })
  const lasting = ({ stdout }: { stdout: string }) => stdout.replace(/[\d,]+ MB free/, '')
  t.same([after.code, lasting(after)], [0, lasting(during)])
  t.same(contents(`${folder}/data`), before)
})

t.test('what is wrong with a deployment fails, all of it at once', async t => {
  const folder = t.testdir({ file: '' })
  const env = inFolder(`${folder}/file`, { HOST: '0.0.0.0', AUTH_RATE_LIMIT: 'off' })
  const broken = await postern(t, ['doctor'], { env })
  t.equal(broken.code, 1)
  t.match(broken.stdout, /^fail {2}PUBLIC_URL is not set, and http:\/\/0\.0\.0\.0:8000 is no URL for clients\./m)
  t.match(broken.stdout, /^fail {2}AUTH_RATE_LIMIT is off/m)
  t.match(broken.stdout, /^fail {2}the data folder \S+\/file cannot be made: \S+\/file is not a folder\./m)
  const invalid = await postern(t, ['doctor'], { env: { ...env, PORT: '-1', AUTH_TTL: '5m' } })
  t.equal(invalid.code, 1)
  t.match(invalid.stdout, /^fail {2}Postern cannot start, .*:\n {8}- AUTH_TTL: .*\n {8}- PORT: "-1" .*\n$/m)
})

t.test('settings for one machine are told from those for a service', async t => {
  const judge = (options: Options, year?: number) =>
    all(checkSettings(resolveConfig(options), options, year)).then(findings =>
      findings.map(([level]) => level).join(' ')
    )
  t.equal(await judge({}), 'ok warn ok ok')
  t.equal(await judge({ publicUrl: 'https://auth.test' }), 'ok ok ok warn')
  t.equal(await judge({ publicUrl: 'https://auth.test', authDocs: 'off' }), 'ok ok ok ok')
  t.equal(await judge({ publicUrl: 'http://localhost:8000', host: '::1' }), 'ok ok ok ok')
  t.equal(await judge({ publicUrl: 'http://auth.test', authDocs: 'off' }), 'ok fail ok ok')
  t.equal(await judge({ host: '::', authRateLimit: 'off' }), 'ok fail fail warn')
  t.equal(await judge({}, 1970), 'fail warn ok ok')
})

t.test('files that others may read are named, with the command that closes them', async t => {
  const { folder, path, config } = await deployment(t)
  chmodSync(folder, 0o750)
  chmodSync(path, 0o604)
  chmodSync(`${folder}/secret`, 0o640)
  t.same(await all(checkFolders(config)), [
    ['warn', `the data folder ${folder} is open to its group. Run: chmod 700 ${folder}`]
  ])
  t.match(await all(checkDatabase(config)), [
    ['warn', `the database, with all password hashes, is open to all users. Run: chmod 600 ${path}*`]
  ])
  const open = `the master secret ${folder}/secret is open to its group. Run: chmod 600 ${folder}/secret`
  t.match(await all(checkSecret(config, keysIn(path))), [['fail', open]])
  t.match(await all(checkSecret({ ...config, authSecretFile: `${folder}/secret` }, keysIn(path))), [['warn', open]])
})

t.test('a database that cannot serve is told apart from one that can', async t => {
  const { folder, path, config } = await deployment(t)
  const before = contents(folder)
  const verdict = async () =>
    (await all(checkDatabase(config))).filter(([level]) => level !== 'ok').map(([, text]) => text)
  t.same(await verdict(), [])
  t.same(contents(folder), before, 'a database that was closed well is left as it was')

  const change = (sql: string) => {
    const sqlite = new Sqlite(path)
    sqlite.exec(sql)
    sqlite.close()
  }
  change('UPDATE __drizzle_migrations SET created_at = created_at + 1')
  t.match(await verdict(), [/^a newer version of Postern has changed the tables/])
  change('DELETE FROM __drizzle_migrations')
  t.match(await verdict(), [/^the tables lack \d of the migrations; .* postern migrate$/])
  change('DROP TABLE __drizzle_migrations')
  t.match(await verdict(), [/^the database belongs to another program/])
  truncateSync(path, 20_000)
  t.match(await verdict(), [/^the database \S+ (cannot be read: database disk image is malformed|is damaged)/])
  writeFileSync(path, 'Buy milk. '.repeat(1000))
  t.match(await verdict(), [/^the database \S+ cannot be read: file is not a database\. /])
  t.same(readdirSync(folder).sort(), ['postern.db', 'secret'])
})

t.test('damage inside a database that still opens is found', async t => {
  const { path } = await deployment(t)
  t.same(damage(path), [])
  const bytes = readFileSync(path)
  // The number of unused pages, in the header.
  bytes.writeUInt32BE(3, 36)
  writeFileSync(path, bytes)
  t.match(damage(path), [/freelist/i])
})

t.test('a secret that is lost or not the right one fails; old keys are warned about', async t => {
  const { path, config } = await deployment(t)
  const keys = keysIn(path)
  const day = 86_400_000
  const levels = async (findings: ReturnType<typeof checkSecret>) =>
    (await all(findings)).map(([level]) => level).join(' ')
  t.equal(await levels(checkSecret(config, keys)), 'ok ok ok')
  t.equal(await levels(checkSecret(config, keys, Date.now() + 91 * day)), 'ok ok warn')
  t.equal(await levels(checkSecret(config, keys, Date.now() - day)), 'ok ok fail')
  const unscheduled = { ...config, authKeyRotation: 0 }
  t.equal(await levels(checkSecret(unscheduled, keys, Date.now() + 365 * day)), 'ok ok ok')
  t.equal(await levels(checkSecret(unscheduled, keys, Date.now() + 367 * day)), 'ok ok warn')
  t.equal(await levels(checkSecret({ ...config, authSecret: 'x'.repeat(32) }, keys)), 'ok fail ok')
  await t.rejects(all(checkSecret({ ...config, secretFile: `${config.secretFile}.elsewhere` }, keys)), {
    name: 'StartError',
    message: /is gone, but the database holds keys/
  })
})
