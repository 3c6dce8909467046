import t from 'tap'
import { isForDjango } from '../document.ts'
import { exchange, listen } from '../routes/socket.ts'
import { jsonOf, pathOf, service } from './service.ts'

const FOREIGN = ['roles', 'email_verified', 'id', 'active', 'password_hash', 'is_staff', 'constructor', 'prototype']

t.test(
  'no body sets more than it may: roles, email_verified, id, __proto__, at every route that takes one',
  async t => {
    const { app, http, document, operations, authorization, everything } = await service(t)
    const before = everything()
    for (const operation of operations) {
      const { example, schema } = jsonOf(document, operation) ?? {}
      if (!schema || isForDjango(operation)) continue
      const send = (payload: string) =>
        app.inject({
          method: operation.method,
          url: pathOf(operation),
          headers: { authorization, 'content-type': 'application/json' },
          payload
        })
      for (const name of FOREIGN.filter(one => !(one in schema.properties))) {
        const answer = await send(JSON.stringify({ ...example, [name]: ['admin'] }))
        t.match(
          answer.json(),
          { code: 'validation_failed', errors: { [name]: [String] } },
          `${operation.operationId} ${name}`
        )
      }
      const poisoned = await send(`{"__proto__":{"roles":["admin"]},${JSON.stringify(example).slice(1)}`)
      t.equal(poisoned.statusCode, 400, `${operation.operationId} __proto__`)
    }
    t.equal(everything(), before, 'nothing came of it')
    t.match((await http.register()).json(), { roles: [], email_verified: false })
    // These ignore what they do not know, as the service does that they stand for.
    const given = {
      username: 'ada',
      password: 'correct horse',
      roles: ['admin'],
      email_verified: true,
      __proto__: { a: 1 }
    }
    const { access } = (await http.post('/api/token/', given)).json()
    t.match((await http.protected(access)).json().user, { roles: [], email_verified: false })
    t.same(Object.keys(Object.prototype), [])
  }
)

const TYPES = [
  ...['text/plain', 'text/json', 'application/json-patch+json', 'application/vnd.api+json', 'application/x-json', ''],
  ...[
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'application/json\t;',
    'application/json;;;'
  ],
  ...['APPLICATION/JSON', 'application/json, text/plain', 'text/plain, application/json', ' application/json'],
  ...[
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'application/octet-stream'
  ]
]
const UNFIT = [
  '{"a":NaN}',
  '{/**/}',
  '{"a":1}//',
  '\ufeff[]',
  "{'a':1}",
  '{"a":0x1}',
  '[]',
  '"{}"',
  '--x--',
  'a=1',
  '+ACIAew-',
  '{"refresh":[1]}'
]

t.test('no content type and no dialect of JSON gets a body past its check', async t => {
  const { app, document, operations, authorization, everything } = await service(t)
  const before = everything()
  for (const operation of operations.filter(one => jsonOf(document, one))) {
    const found = new Set<number>()
    for (const type of ['application/json', ...TYPES]) {
      for (const payload of UNFIT) {
        const headers = { authorization, ...(type && { 'content-type': type }) }
        found.add((await app.inject({ method: operation.method, url: pathOf(operation), headers, payload })).statusCode)
      }
    }
    t.same(
      [...found].filter(status => status !== 400 && status !== 415),
      [],
      operation.operationId
    )
  }
  t.equal(everything(), before, 'nothing came of it')
})

t.test('of two content types the first counts, and the body is checked as what it says', async t => {
  const port = await listen((await service(t)).app)
  const send = async (types: string[], body: string) => {
    const head = [
      'POST /api/login/ HTTP/1.1',
      'Host: a',
      'Connection: close',
      ...types.map(type => `Content-Type: ${type}`)
    ]
    const [answer] = await exchange(port, `${[...head, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`)
    return answer?.status
  }
  const good = '{"username":"root","password":"correct horse"}'
  t.equal(await send(['application/json'], good), 200)
  t.equal(await send(['text/plain', 'application/json'], good), 415)
  t.equal(await send(['application/json', 'text/plain'], '{"username":["root"],"password":1}'), 400)
})
