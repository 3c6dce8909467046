import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { pair, refused } from './answers.ts'

const password = 'Zürich is a correct horse'

let app: FastifyInstance
let login: (username: string, password: string) => ReturnType<ReturnType<typeof client>['post']>

t.before(async () => {
  app = await build(t)
  const { register, post } = client(app)
  await register('Ada', password.normalize('NFC'), 'Ada@Example.com')
  await register('ﬁona', 'plain words here', 'fiona@example.com')
  login = (username, password) => post('/api/login/', { username, password })
})

t.test('somebody logs in with the name or the address, in any case and form', async t => {
  for (const name of [
    'Ada',
    'ada',
    'ADA',
    ' ada ',
    'ａｄａ',
    'Ada@Example.com',
    'ada@example.com',
    ' ADA@EXAMPLE.COM '
  ])
    pair(t, await login(name, password))
  pair(t, await login('FIONA', 'plain words here'))
})

t.test('a password is the same however its letters are composed, and in no other way', async t => {
  pair(t, await login('ada', password.normalize('NFD')))
  const others = [password.toLowerCase(), ` ${password}`, `${password} `, password.replace('ü', 'u'), `${password}\0`]
  for (const other of [...others, password.slice(0, -1), 'ｐlain words here'])
    refused(t, await login('ada', other), 'no_active_account', [], JSON.stringify(other))
})

t.test('every refusal is one and the same answer', async t => {
  const tries = {
    'wrong password': ['ada', 'wrong horse'],
    'unknown name': ['nobody', password],
    'unknown address': ['nobody@example.com', password],
    'password of somebody else': ['ada', 'plain words here'],
    nothing: ['', ''],
    'no password': ['ada', ''],
    'a password of 60,000 characters': ['ada', 'x'.repeat(60_000)],
    'a name of 60,000 characters': ['x'.repeat(60_000), password],
    'characters of no name': ["' OR 1=1 --\0\u202e\u200b\ud800%_*", password],
    'half a character': ['ada', 'correct horse \ud83d'],
    NUL: ['ada\0', `${password}\0`]
  }
  const bodies = new Set<string>()
  for (const [why, [name = '', secret = '']] of Object.entries(tries)) {
    const answer = await login(name, secret)
    refused(t, answer, 'no_active_account', [], why)
    t.equal(answer.headers['www-authenticate'], 'Bearer')
    bodies.add(answer.body)
  }
  t.equal(bodies.size, 1)
})

t.test('a name that looks like the address of somebody else does not stand in for it', async t => {
  const { register } = client(app)
  refused(t, await register('ada@example.com', 'plain words here', 'eve@example.com'), 'validation_failed', [
    'username'
  ])
  refused(t, await register('ada＠example.com', 'plain words here', 'eve@example.com'), 'validation_failed', [
    'username'
  ])
  refused(t, await login('ada@example.com', 'plain words here'), 'no_active_account')
})

t.test('each login is a session of its own', async t => {
  const { post, protected: see } = client(app)
  const [first, second] = [pair(t, await login('ada', password)), pair(t, await login('ada', password))]
  t.equal((await post('/api/logout/', { refresh: first.refresh })).statusCode, 204)
  refused(t, await see(first.access), 'token_not_valid')
  t.equal((await see(second.access)).statusCode, 200)
})
