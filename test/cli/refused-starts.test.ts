import { readdirSync, readFileSync, renameSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type Environment, inFolder, postern } from './process.ts'

/** Starts the service, which must not start, and gives the only thing that it says. */
async function refusal(t: Test, env: Environment): Promise<string> {
  const { code, stdout, stderr } = await postern(t, ['serve'], { env: { PORT: '0', ...env } })
  t.equal(code, 1)
  t.equal(stdout, '')
  return stderr
}

t.test('all wrong and unknown settings are listed at once', async t => {
  const folder = t.testdir({})
  const stderr = await refusal(t, {
    ...inFolder(`${folder}/data`),
    PORT: 'http',
    AUTH_ACCESS_TTL: '5 minutes',
    AUTH_REFRESH_TLL: '1d',
    AUTH_TRUST_PROXIES: '10.0.0.0/8'
  })
  t.match(stderr, /^postern: Postern cannot start, because of its settings:\n/)
  t.match(stderr, /\n {2}- PORT: "http" does not fit; give a port such as 8000\n/)
  t.match(stderr, /\n {2}- AUTH_ACCESS_TTL: "5 minutes" does not fit; give a duration such as /)
  t.match(stderr, /\n {2}- AUTH_REFRESH_TLL: there is no such setting; did you mean AUTH_REFRESH_TTL\?\n/)
  t.match(stderr, /\n {2}- AUTH_TRUST_PROXIES: there is no such setting; did you mean AUTH_TRUST_PROXY\?\n/)
  t.equal(stderr.split('\n').length, 6)
  t.same(readdirSync(folder), [])
})

t.test('a data folder that cannot be made is named', async t => {
  const folder = t.testdir({ file: '' })
  t.match(
    await refusal(t, inFolder(`${folder}/file/data`)),
    /^postern: The data folder \S+\/file\/data cannot be made \(ENOTDIR\)\. Make it writable .*\n$/
  )
})

t.test('a file that is not a database is named and left alone', async t => {
  const notes = 'Buy milk. '.repeat(1000)
  const folder = t.testdir({ 'postern.db': notes })
  t.match(
    await refusal(t, inFolder(folder)),
    /^postern: Cannot use the database \S+postern\.db: it is not a SQLite .*\n$/
  )
  t.equal(readFileSync(`${folder}/postern.db`, 'utf8'), notes)
  t.same(readdirSync(folder), ['postern.db'])
})

t.test('a host that this machine does not have is named', async t => {
  t.match(
    await refusal(t, inFolder(t.testdir({}), { HOST: '203.0.113.7', PUBLIC_URL: 'https://auth.test' })),
    /^postern: Cannot listen on 203\.0\.113\.7:0: this machine does not have the address 203\.0\.113\.7\. .*\n$/
  )
})

t.test('a wrong or lost master secret is named, and nothing is made anew', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  t.equal((await postern(t, ['keys', 'list'], { env })).code, 0)
  const before = readFileSync(`${folder}/postern.db`)

  const wrong = await refusal(t, { ...env, AUTH_SECRET: 'not the secret that sealed the keys' })
  t.match(wrong, /^postern: The master secret is not the one that sealed the signing keys .*\n$/)

  renameSync(`${folder}/secret`, `${folder}/elsewhere`)
  const lost = await refusal(t, env)
  t.match(lost, /^postern: The master secret \S+\/secret is gone, but the database holds keys that it sealed\. .*\n$/)
  t.same(readdirSync(folder).sort(), ['elsewhere', 'postern.db'])
  t.same(readFileSync(`${folder}/postern.db`), before)
})
