import { readdirSync } from 'node:fs'
import t from 'tap'
import { inFolder, postern } from './process.ts'

t.test('migrate says what it did, and that there is nothing left to do', async t => {
  const folder = t.testdir({})
  const env = inFolder(`${folder}/data`)
  const first = await postern(t, ['migrate'], { env })
  t.same([first.code, first.stderr], [0, ''])
  t.match(first.stdout, /^\S+\/data\/postern\.db: created; \d+ migrations? applied\n$/)
  t.same(readdirSync(`${folder}/data`), ['postern.db'], 'no secret is needed, so none is made')
  const second = await postern(t, ['migrate'], { env })
  t.equal(second.stdout, first.stdout.replace(/created.*/, 'up to date, nothing to do'))

  const memory = await postern(t, ['migrate'], { env: { DATABASE_URL: 'sqlite::memory:' } })
  t.equal(memory.code, 1)
  t.match(memory.stderr, /^postern: DATABASE_URL is sqlite::memory:, where no table stays; name a file\.\n$/)
})

t.test('openapi prints the document and nothing else, and touches no deployment', async t => {
  const folder = t.testdir({})
  const env = inFolder(`${folder}/data`, { AUTH_RATE_LIMIT: 'off' })
  const { code, stdout, stderr } = await postern(t, ['openapi'], { env })
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { openapi: '3.1.0', info: { title: 'Postern' }, paths: { '/api/login/': { post: {} } } })
  t.match(stderr, /^postern: AUTH_RATE_LIMIT is off.*\n$/)
  t.same(readdirSync(folder), [])
})
