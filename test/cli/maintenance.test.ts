import { readdirSync } from 'node:fs'
import t from 'tap'
import { serve } from '../process.ts'
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

t.test('keys are rotated beside a running server, whose tokens stay good', async t => {
  const folder = t.testdir({})
  const env = inFolder(folder)
  const { url } = await serve(t, folder)
  const rows = async (command: string) => {
    const { code, stdout, stderr } = await postern(t, ['keys', command, '--json'], { env })
    t.same([code, stderr], [0, ''])
    return stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
  }
  const [current, next] = await rows('list')
  t.match(current, { algorithm: 'ES256', state: 'current', created_at: /Z$/, activated_at: /Z$/, retired_at: null })
  t.match(next, { state: 'next', activated_at: null })
  t.notMatch(JSON.stringify(current), /seal|"d"/i)
  const rotated = await rows('rotate')
  t.match(rotated, [
    { kid: current.kid, state: 'retired', retired_at: /Z$/ },
    { kid: next.kid, state: 'current', activated_at: /Z$/ },
    { state: 'next' }
  ])
  const published = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: Array<{ kid: string }> }
  t.same(published.keys.map(({ kid }) => kid).sort(), [current.kid, next.kid].sort())
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
