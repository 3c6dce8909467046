import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { build } from '../helper.ts'
import { basic, type Credentials, failed, oauthClient, registered } from './oauth-client.ts'
import { listen } from './socket.ts'

const PATHS = ['token', 'introspect', 'revoke']
const COMPLETE = { grant_type: 'client_credentials', token: 'x' }

let app: FastifyInstance
let reports: Credentials

t.before(async () => {
  app = await build(t)
  reports = await registered(app, ['reports:read'])
})

t.test('a client authenticates in the header or in the form', async t => {
  const { send } = oauthClient(app)
  const { id, secret } = reports
  for (const path of PATHS) {
    const asForm = { ...COMPLETE, client_id: id, client_secret: secret }
    for (const answer of [
      await send(path, COMPLETE, { authorization: basic(reports) }),
      await send(path, COMPLETE, { authorization: basic(reports).replace('Basic', 'bASIC ') }),
      await send(path, { ...COMPLETE, client_id: id }, { authorization: basic(reports) }),
      await send(path, asForm),
      await send(path, { ...asForm, unknown: 'x' })
    ]) {
      t.equal(answer.statusCode, 200, path)
      t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
    }
  }
})

t.test('credentials in the header are form-encoded inside', async t => {
  const { send } = oauthClient(app)
  const encoded = [...`${reports.id}`].map(letter => `%${letter.charCodeAt(0).toString(16)}`).join('')
  const authorization = `Basic ${Buffer.from(`${encoded}:${reports.secret}`).toString('base64')}`
  t.equal((await send('token', COMPLETE, { authorization })).statusCode, 200)
  const broken = `Basic ${Buffer.from(`${reports.id}:%zz`).toString('base64')}`
  failed(t, await send('token', COMPLETE, { authorization: broken }), 401, 'invalid_client')
})

t.test('wrong credentials are refused, with a challenge and alike', async t => {
  const { id, secret } = reports
  const other = await registered(app)
  const wrong: Credentials[] = [
    { id, secret: `${secret}x` },
    { id, secret: secret.slice(0, -1) },
    { id, secret: secret.toLowerCase() },
    { id, secret: other.secret },
    { id: other.id, secret },
    { id: '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10', secret },
    { id: "' OR 1=1 --", secret },
    { id: '\0', secret: '\0' },
    { id: '😀'.repeat(500), secret: '😀'.repeat(500) }
  ]
  const bodies = new Set<string>()
  for (const path of PATHS) {
    for (const credentials of wrong) {
      const inHeader = await oauthClient(app, credentials).send(path, COMPLETE)
      const { id: client_id, secret: client_secret } = credentials
      const inForm = await oauthClient(app).send(path, { ...COMPLETE, client_id, client_secret })
      for (const answer of [inHeader, inForm]) {
        failed(t, answer, 401, 'invalid_client', JSON.stringify(credentials).slice(0, 60))
        bodies.add(answer.body)
      }
    }
  }
  t.equal(bodies.size, 1, 'an unknown client cannot be told from a wrong secret')
})

t.test('without credentials, or with some of another kind, nobody is let in', async t => {
  const { send } = oauthClient(app)
  for (const path of PATHS) {
    for (const authorization of [
      '',
      'Basic',
      'Basic ',
      'Basic !',
      'Basic Og==',
      'Bearer x',
      'Digest x',
      reports.secret
    ])
      failed(t, await send(path, COMPLETE, { authorization }), 401, 'invalid_client', authorization)
    failed(t, await send(path, { ...COMPLETE, client_id: reports.id }), 401, 'invalid_client')
    failed(t, await send(path, { ...COMPLETE, client_secret: reports.secret }), 401, 'invalid_client')
    failed(t, await send(path, { ...COMPLETE, client_id: reports.id, client_secret: '' }), 401, 'invalid_client')
    failed(t, await app.inject({ method: 'POST', url: `/oauth/${path}` }), 401, 'invalid_client')
    const query = `/oauth/${path}?client_id=${reports.id}&client_secret=${reports.secret}`
    failed(t, await app.inject({ method: 'POST', url: query }), 401, 'invalid_client', 'never in a URL')
  }
})

t.test('credentials in two places are refused, right as they may be', async t => {
  const { send } = oauthClient(app, reports)
  const form = { ...COMPLETE, client_id: reports.id, client_secret: reports.secret }
  for (const path of PATHS) {
    failed(t, await send(path, form), 400, 'invalid_request')
    failed(t, await send(path, form, { authorization: 'Bearer x' }), 400, 'invalid_request')
    failed(t, await send(path, { ...COMPLETE, client_id: 'another' }), 400, 'invalid_request')
  }
})

t.test('a request that is no form, or a spoiled one, is an invalid request', async t => {
  const { send } = oauthClient(app, reports)
  for (const path of PATHS) {
    const doubled = [...Object.entries(COMPLETE), ['token', 'y'], ['grant_type', 'client_credentials']]
    failed(t, await send(path, doubled as Array<[string, string]>), 400, 'invalid_request')
    failed(t, await send(path, 'a=1&a=1'), 400, 'invalid_request')
    for (const body of ['', 'token=&grant_type=', 'x=1', '__proto__=1&constructor=2'])
      failed(t, await send(path, body), 400, 'invalid_request', body)
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
      failed(t, await send(path, '{"token":"x"}', { 'content-type': type }), 415, 'invalid_request', type)
    failed(t, await send(path, `token=${'x'.repeat(65_536)}`), 413, 'invalid_request')
    const bare = { method: 'POST', url: `/oauth/${path}`, headers: { authorization: basic(reports) } } as const
    failed(t, await app.inject(bare), 400, 'invalid_request')
    t.equal((await app.inject({ ...bare, method: 'GET' })).statusCode, 404)
  }
  const missing = (await send('introspect', 'x=1')).json().error_description
  t.equal(missing, 'Missing or malformed: token.')
})

t.test('other endpoints read no forms', async t => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await app.inject({ method: 'POST', url: '/api/login/', headers, payload: 'username=a&password=b' })
  t.equal(answer.statusCode, 415)
  t.equal(answer.json().code, 'unsupported_media_type')
})

t.test('two Authorization headers are not believed', async t => {
  const port = await listen(app)
  const twice = [
    ['authorization', basic(reports)],
    ['authorization', basic(reports)]
  ].flat()
  const { request } = await import('node:http')
  const { status, body } = await new Promise<{ status?: number | undefined; body: string }>((resolve, reject) => {
    const form = ['content-type', 'application/x-www-form-urlencoded', 'host', 'a']
    const call = request({
      port,
      host: '127.0.0.1',
      path: '/oauth/token',
      method: 'POST',
      headers: [...form, ...twice]
    })
    call.on('error', reject).on('response', async answer => {
      resolve({ status: answer.statusCode, body: Buffer.concat(await answer.toArray()).toString() })
    })
    call.end('grant_type=client_credentials')
  })
  t.match({ status, body: JSON.parse(body) }, { status: 401, body: { error: 'invalid_client' } })
})

t.test('guesses of one address run into a limit, and those who know their secret never do', async t => {
  const limited = await build(t, { authRateLimit: 'on' })
  const client = await registered(limited)
  const right = oauthClient(limited, client)
  const wrong = oauthClient(limited, { ...client, secret: 'guess' })
  for (let at = 0; at < 100; at++) t.equal((await right.introspect('x')).statusCode, 200)
  for (let at = 0; at < 30; at++) failed(t, await wrong.send(PATHS[at % 3] as string, COMPLETE), 401, 'invalid_client')
  for (const path of PATHS) {
    const answer = await wrong.send(path, COMPLETE)
    failed(t, answer, 429, 'temporarily_unavailable')
    t.match(answer.headers['retry-after'], /^\d\d?$/)
  }
  failed(
    t,
    await right.introspect('x'),
    429,
    'temporarily_unavailable',
    'a right guess cannot be told from a wrong one'
  )
  const elsewhere = { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' }
  const other = { method: 'POST', url: '/oauth/introspect', payload: 'token=x', headers: elsewhere } as const
  t.equal((await limited.inject({ ...other, remoteAddress: '192.0.2.7' })).statusCode, 200)
})

t.test('guesses that come at once run into the limit too, and leave no more records than it allows', async t => {
  const limited = await build(t, { authRateLimit: 'on' })
  const client = await registered(limited)
  const wrong = oauthClient(limited, { ...client, secret: 'guess' })
  const answers = await Promise.all(Array.from({ length: 80 }, () => wrong.introspect('x')))
  t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 30)
  t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 50)
  const { auditEvents } = limited.database.tables
  const all = limited.database.prepare('test_audit', q => q.select().from(auditEvents))
  const failures = (await limited.database.read(all())).filter(({ event }) => event === 'authn_login_fail')
  t.equal(failures.length, 30)
  t.notMatch(JSON.stringify(failures), client.id)
})

t.test('no secret and no token comes into the log, whatever goes wrong', async t => {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    }
  })
  const logged = await build(t, {}, { logger: pino({ level: 'trace' }, stream) })
  const client = await registered(logged)
  const { send, machine } = oauthClient(logged, client)
  const token = await machine()
  for (const path of PATHS) {
    const asForm = { token, client_id: client.id, client_secret: client.secret }
    await send(path, { ...COMPLETE, token })
    await send(path, asForm)
    await send(`${path}?client_secret=${client.secret}&token=${token}`, '')
    await send(path, [...Object.entries(asForm), ['token', token]])
    await send(path, JSON.stringify(asForm), { 'content-type': 'application/json' })
  }
  await logged.database.close()
  for (const path of PATHS) await send(path, { ...COMPLETE, token })
  t.match(text, 'temporarily_unavailable')
  t.notOk(text.includes(client.secret))
  t.notMatch(text, /eyJ[\w-]+\.|Basic /)
})

t.test('when the store does not answer, nobody is authenticated', async t => {
  const broken = await build(t)
  const client = await registered(broken)
  await broken.database.close()
  for (const path of PATHS) {
    const answer = await oauthClient(broken, client).send(path, COMPLETE)
    failed(t, answer, 503, 'temporarily_unavailable')
    t.equal(answer.headers['retry-after'], '1')
  }
})
