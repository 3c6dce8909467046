import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { refused } from './answers.ts'
import { listen } from './socket.ts'

const password = 'correct horse'
let app: FastifyInstance

t.before(async () => {
  app = await build(t)
})

t.test('a name or an address that is taken under another spelling is taken', async t => {
  const { register, post } = client(app)
  const names = [
    ['Ada', ['ada', 'ADA', ' ada ', '\tada\n', 'ａｄａ']],
    ['ﬁona', ['fiona', 'FIONA']],
    ['Straße', ['strasse', 'STRAẞE', 'STRASSE']],
    ['ὀδυσσεύς', ['ὈΔΥΣΣΕΎΣ', 'ὀδυσσεύσ']],
    ['irem', ['ırem', 'IREM']],
    ['jose\u0301', ['josé', 'JOSÉ']]
  ] as const
  for (const [at, [name, others]] of names.entries()) {
    const registered = await register(name, password, `user${at}@example.com`)
    t.equal(registered.statusCode, 201, name)
    t.equal(registered.json().username, name, 'kept as it was entered')
    for (const other of others) {
      refused(t, await register(other, password, 'new@example.com'), 'validation_failed', ['username'], other)
    }
  }
  for (const address of ['USER0@EXAMPLE.COM', ' user0@example.com ', 'User0@Example.Com']) {
    refused(t, await register('new', password, address), 'validation_failed', ['email'], address)
  }
  const twice = { username: 'ada', email: 'User0@example.com', password: 'short' }
  refused(t, await post('/api/register/', twice), 'validation_failed', ['username', 'email', 'password'], 'all at once')
})

t.test('space around a name and an address is no part of them', async t => {
  const { register, login } = client(app)
  const user = (await register('  bob ', password, ' Bob@Example.com\n')).json()
  t.equal(user.username, 'bob')
  t.equal(user.email, 'Bob@Example.com')
  t.ok((await login('bob')).access)
})

t.test('what does not fit is named field by field, and nothing is kept of it', async t => {
  const { post, register } = client(app)
  const whole = { username: 'carol', email: 'carol@example.com', password }
  const refuse = async (change: object, fields: string[]) => {
    const answer = await post('/api/register/', { ...whole, ...change })
    refused(t, answer, 'validation_failed', fields, JSON.stringify(change))
  }
  const long = 'x'.repeat(60_000)
  const wrong = {
    username: ['', ' ', 'carol@example.com', 'a b', 'a\0b', 'a\u200bb', '\u202eada', 'x'.repeat(151), 'a\ud800', long],
    email: ['', 'carol', 'a@b.c,d@e.f', 'a@b.c\nBcc: e@e.com', '"a\n"@b.c', 'a\u200bda@b.c', 'x'.repeat(300), long],
    password: ['', 'short', 'password', 'Carol123', 'CAROL@example.com', 'x'.repeat(257), `${password}\ud800`, long]
  }
  for (const [field, values] of Object.entries(wrong))
    for (const value of values) await refuse({ [field]: value }, [field])
  await refuse({ username: '', email: '', password: '' }, ['username', 'email', 'password'])
  t.equal((await register('carol')).statusCode, 201)
})

t.test('of registrations at the same moment the first gets the name, the others hear why not', async t => {
  const port = await listen(app)
  const register = async (body: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/register/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ password, ...body })
    })
    return { status: answer.status, errors: Object.keys(((await answer.json()) as { errors?: object }).errors ?? {}) }
  }
  const race = async (bodies: object[]) => (await Promise.all(bodies.map(register))).sort((a, b) => a.status - b.status)

  const sameName = ['Dora', 'dora', 'DORA', 'ｄora'].map((username, at) => ({ username, email: `d${at}@example.com` }))
  const [first, ...others] = await race(sameName)
  t.same(first, { status: 201, errors: [] })
  t.same(others, Array(3).fill({ status: 400, errors: ['username'] }))

  const sameAddress = ['e1', 'e2', 'e3'].map((username, at) => ({ username, email: `${at ? 'e' : 'E'}@example.com` }))
  const [winner, ...losers] = await race(sameAddress)
  t.same(winner, { status: 201, errors: [] })
  t.same(losers, Array(2).fill({ status: 400, errors: ['email'] }))
})

t.test('with AUTH_REGISTRATION=closed nobody registers, and a user there is logs in', async t => {
  const closed = await build(t, { authRegistration: 'closed' })
  const { register, login } = client(closed)
  refused(t, await register(), 'permission_denied')
  await closed.core.registration.create({ username: 'ada', email: null, password })
  refused(t, await register(), 'permission_denied')
  t.ok((await login()).access)
})
