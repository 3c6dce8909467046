import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createNeedles, WINDOW } from './needles.ts'
import { recorder, VARIABLE } from './records.ts'
import { formsOf } from './search.ts'
import { searchRecords } from './whole-suite.ts'

const script = (name: string) => join(import.meta.dirname, name)

/** The records of a service that does something with a password, and what the end of a run says about them. */
function run(t: Test, does: string) {
  const folder = t.testdir({ data: {}, records: {} })
  const records = join(folder, 'records')
  const env = { PATH: process.env.PATH, [VARIABLE]: records }
  const node = (...args: string[]) => spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  const { status, stderr } = node('--import', recorder, script('leaky.ts'), join(folder, 'data'), does)
  t.equal(status, 0, stderr)
  return { records, search: () => node(script('after.ts')) }
}

t.test('a run whose services keep secrets to themselves passes, and leaves no records', t => {
  const { records, search } = run(t, 'keeps')
  t.same(
    readdirSync(records).map(name => name.split('.').at(-1)),
    ['database', 'log', 'metrics', 'secrets']
  )
  const { lines, secrets } = searchRecords(records)
  t.ok(lines >= 2, 'silent services are searched too')
  t.equal(secrets, 2, 'the password and the master secret')
  const { status, stdout } = search()
  t.equal(status, 0, stdout)
  t.match(stdout, /^# 2 secrets of the tests .* nothing found\n$/)
  t.throws(() => readdirSync(records), { code: 'ENOENT' })
  t.end()
})

t.test('a service that logs or stores a body fails the run, which does not repeat the secret', t => {
  const found = {
    logs: /^not ok - .*: password sent to \/api\/login\/, JSON-escaped: .*\.log, line \d+\n/,
    stores: /^not ok - .*: password sent to \/api\/login\/, base64(url)? at \d: .*\.database\n/
  }
  for (const [does, about] of Object.entries(found)) {
    const { status, stdout } = run(t, does).search()
    t.equal(status, 1, does)
    t.match(stdout, about)
    t.notMatch(stdout, 'leaks')
  }
  t.end()
})

t.test('half a character in a secret hinders no search, and the secret is found as it was stored', t => {
  const folder = t.testdir({
    'a.secrets': `${JSON.stringify({ kind: 'password', secret: 'half \ud800 of it' })}\n`,
    'a.log': '{"msg":"half \ufffd of it"}\n'
  })
  t.match(searchRecords(folder).leaks, [/^password, plain: a\.log, line 1$/])
  t.end()
})

t.test('what looks like a token, a hash, a link or a key is found without being known', t => {
  const texts = ['eyJhbGciOiJFUzI1NiJ9', '$argon2id$', 'pbkdf2_sha256$1', '/account/login#token=x', 'BEGIN PRIVATE KEY']
  for (const text of texts) {
    const folder = t.testdir({ 'a.log': `{"msg":"fine"}\n{"msg":"${text}"}\n` })
    t.match(searchRecords(folder).leaks, [/^something like .*: a\.log, line 2$/], text)
  }
  const folder = t.testdir({
    'a.secrets': '{"kind":"code of login","secret":"123456"}\n',
    'a.log': '{"pid":123456,"msg":"0123456 1.123456"}\n'
  })
  t.same(searchRecords(folder).leaks, [])
  writeFileSync(join(folder, 'b.log'), '{"code":"123 456"}\n')
  writeFileSync(join(folder, 'c.metrics'), 'bytes 123456\ncount{code="123456"} 123456\n')
  t.same(searchRecords(folder).leaks, ['a code of six digits: b.log', 'a code of six digits: c.metrics'])
  writeFileSync(join(folder, 'c.metrics'), 'bytes 123456\n')
  t.same(searchRecords(folder).leaks, ['a code of six digits: b.log'])
  t.end()
})

t.test('names and words of the sources are no secrets, though tests send them as passwords', t => {
  const secrets = [
    'ada@example.com',
    'password_hash',
    'password1',
    'aaaaaaaaaaaa',
    '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10'
  ]
  const folder = t.testdir({
    'a.public': '"ada@example.com"\n',
    'a.secrets': secrets.map(secret => `${JSON.stringify({ kind: 'password', secret })}\n`).join(''),
    'a.log': secrets.join('\n')
  })
  const { leaks, secrets: count } = searchRecords(folder)
  t.same(leaks, [])
  t.equal(count, 0)
  t.end()
})

t.test('a secret is found in all its forms, at the seam of two pieces of a file too', t => {
  const secret = 'Pä"ss\\wörd+7&=<%x>'
  const { find } = createNeedles(['another secret', secret])
  for (const [form, bytes] of formsOf(secret)) {
    t.ok(bytes.length >= WINDOW)
    t.match([...find(Buffer.concat([Buffer.from('\0{"'), bytes]))][0], { secret, place: 3 }, form)
  }
  const folder = t.testdir({ 'a.secrets': `${JSON.stringify({ kind: 'password', secret })}\n` })
  for (const before of [2 ** 20 - 5, 2 ** 20 + 4091, 2 ** 21 - 1]) {
    writeFileSync(join(folder, 'a.log'), '\n'.repeat(before) + secret)
    t.same(searchRecords(folder).leaks, [`password, plain: a.log, line ${before + 1}`])
    t.equal(searchRecords(folder).lines, before)
  }
  t.end()
})
