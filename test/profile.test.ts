import { writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import type { Options } from '../src/config.ts'
import { buildServer } from '../src/server.ts'
import { documentOf } from './document.ts'
import { build, client } from './helper.ts'
import { refused } from './routes/answers.ts'

/** Nothing is written to the folder of a test while it is cleared away. */
const quiet = { sendsMail: false }

const SCHEMA = {
  type: 'object',
  required: ['display_name', 'locale'],
  properties: {
    display_name: { type: 'string', minLength: 2, maxLength: 40, examples: ['Ada L.'] },
    locale: { type: 'string', enum: ['en', 'de'], default: 'en' },
    birthday: { type: 'string', format: 'date' },
    size: { type: ['integer', 'null'], minimum: 1 },
    tags: { type: 'array', items: { type: 'string', pattern: '^[a-z]+(-[a-z]+)*$' }, maxItems: 3, uniqueItems: true },
    address: {
      type: 'object',
      title: 'User',
      required: ['city'],
      properties: { city: { type: 'string' }, zip: { anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }] } }
    },
    plan: { type: 'string', default: 'free', readOnly: true }
  }
}

/** A folder with the schema; `kept` has a database there that outlives a service. */
function folder(t: Test, schema: object | string) {
  const path = t.testdir({ 'profile.json': typeof schema === 'string' ? schema : JSON.stringify(schema) })
  return {
    options: { databaseUrl: 'sqlite::memory:', dataDir: path, authProfileSchema: `${path}/profile.json` },
    kept: { databaseUrl: `sqlite:${path}/postern.db`, authProfileSchema: `${path}/profile.json` },
    write: (next: object) => writeFileSync(`${path}/profile.json`, JSON.stringify(next))
  }
}

const whole = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }

t.test('fields of the profile schema are given at registration, completed and shown', async t => {
  const http = client(await build(t, folder(t, SCHEMA).options, quiet))
  const address = { city: 'London', zip: null }
  const given = { display_name: 'Ada', birthday: '1815-12-10', size: null, tags: ['first'], address }
  const answer = await http.post('/api/register/', { ...whole, ...given })
  t.equal(answer.statusCode, 201, answer.body)
  t.same(answer.json().profile, { ...given, locale: 'en', plan: 'free' })
  const { access } = await http.login()
  t.same((await http.get('/api/me/', access)).json().profile, answer.json().profile)
  t.same((await http.protected(access)).json().user.profile, answer.json().profile)
})

t.test(
  'what does not fit the profile schema is refused field by field, and what is readOnly does not exist',
  async t => {
    const http = client(await build(t, folder(t, SCHEMA).options, quiet))
    const refuse = async (change: object, fields: string[]) => {
      const answer = await http.post('/api/register/', { ...whole, display_name: 'Ada', ...change })
      refused(t, answer, 'validation_failed', fields, JSON.stringify(change))
    }
    await refuse({ display_name: undefined }, ['display_name'])
    await refuse({ display_name: 'A' }, ['display_name'])
    await refuse({ display_name: 7 }, ['display_name'])
    await refuse({ locale: 'fr', size: 0 }, ['locale', 'size'])
    await refuse({ birthday: '10.12.1815' }, ['birthday'])
    await refuse({ tags: ['a', 'a'] }, ['tags'])
    await refuse({ tags: ['A'] }, ['tags.0'])
    await refuse({ address: {} }, ['address.city'])
    await refuse({ address: { city: 'x', more: 1 } }, ['address.more'])
    await refuse({ address: { city: 'x'.repeat(1001) } }, ['address.city'])
    await refuse({ plan: 'gold' }, ['plan'])
    await refuse({ unknown: 1 }, ['unknown'])
    await refuse({ profile: { plan: 'gold' } }, ['profile'])
  }
)

t.test('nobody makes roles, proofs or ids of their own, with a profile schema and without', async t => {
  const declared = client(await build(t, folder(t, { type: 'object', properties: {} }).options, quiet))
  for (const http of [client(await build(t, {}, quiet)), declared]) {
    await http.register()
    const { access } = await http.login()
    const fields = { roles: ['admin'], email_verified: true, id: 'x', active: true, constructor: {}, profile: {} }
    for (const [field, value] of Object.entries(fields)) {
      const body = { ...whole, username: 'eve', email: 'eve@example.com', [field]: value }
      refused(t, await http.post('/api/register/', body), 'validation_failed', [field])
      const patch = { method: 'PATCH' as const, url: '/api/me/', headers: { authorization: `Bearer ${access}` } }
      refused(t, await http.send({ ...patch, payload: { [field]: value } }), 'validation_failed', [field])
    }
    const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json' }
    const payload =
      '{"username":"eve","email":"e@example.com","password":"correct horse","__proto__":{"roles":["admin"]}}'
    for (const [method, url] of [
      ['POST', '/api/register/'],
      ['PATCH', '/api/me/']
    ] as const) {
      const answer = await http.send({ method, url, headers, payload })
      t.equal(answer.statusCode, 400)
      t.equal(answer.json().code, 'validation_failed')
    }
    t.match((await http.get('/api/me/', access)).json(), { username: 'ada', roles: [], profile: {} })
  }
})

t.test('the OpenAPI document has the fields, under their own names', async t => {
  const app = await build(t, folder(t, SCHEMA).options, quiet)
  const { components, paths } = await documentOf(app)
  const schemas = components.schemas as unknown as Record<string, Schema>
  t.match(schemas.Registration, {
    required: ['display_name', 'username', 'email', 'password'],
    properties: { locale: { enum: ['en', 'de'] }, tags: { maxItems: 3 } }
  })
  t.match(paths['/api/register/']?.post?.requestBody, {
    content: { 'application/json': { example: { username: 'ada', display_name: 'Ada L.', locale: 'en' } } }
  })
  t.notOk(schemas.Registration?.properties.plan)
  t.match(schemas.Profile?.properties, { plan: { readOnly: true }, address: { properties: { city: {} } } })
  t.ok(schemas.User?.properties.username, 'a title in the profile schema takes no name of ours')
})

interface Schema {
  required: string[]
  properties: Record<string, object>
}

t.test('users of an older profile schema are shown what the present one declares, and log in', async t => {
  const { kept, write } = folder(t, SCHEMA)
  const before = await build(t, kept, quiet)
  const answer = await client(before).post('/api/register/', {
    ...whole,
    display_name: 'Ada',
    tags: ['a', 'b'],
    size: 7,
    address: { city: 'London' }
  })
  t.equal(answer.statusCode, 201)
  await before.close()
  const string = { type: 'string' }
  write({
    type: 'object',
    required: ['nickname', 'address'],
    properties: { nickname: string, address: string, size: { type: 'integer', maximum: 5 }, tags: { type: 'array' } }
  })
  const after = await build(t, kept, quiet)
  const http = client(after)
  const { access } = await http.login()
  const me = await http.get('/api/me/', access)
  t.same([me.statusCode, me.json().profile], [200, { tags: ['a', 'b'] }], 'nothing that is not declared leaves')
  t.equal((await http.protected(access)).statusCode, 200)
  const patch = { method: 'PATCH' as const, url: '/api/me/', headers: { authorization: `Bearer ${access}` } }
  const fixed = await http.send({ ...patch, payload: { address: 'London' } })
  t.same([fixed.statusCode, fixed.json().profile], [200, { tags: ['a', 'b'], address: 'London' }])
  const all = (await http.get('/api/me/export/', access)).json()
  t.match(all.user.profile, { display_name: 'Ada', plan: 'free', address: 'London' }, 'the export has what is stored')
  await after.close()
})

t.test('a TypeBox object does the same as a file when embedded', async t => {
  const profile = Type.Object({ nickname: Type.String({ maxLength: 10 }), age: Type.Optional(Type.Integer()) })
  const http = client(await build(t, {}, { ...quiet, profile }))
  refused(t, await http.register(), 'validation_failed', ['nickname'])
  const answer = await http.post('/api/register/', { ...whole, nickname: 'A' })
  t.same(answer.json().profile, { nickname: 'A' })
  const enhanced = Type.Object({
    nickname: Type.Refine(
      Type.String(),
      value => value !== 'x',
      () => 'no x'
    )
  })
  await t.rejects(build(t, {}, { profile: enhanced }), /properties\.nickname: a function in a schema/)
  const { options } = folder(t, SCHEMA)
  await t.rejects(build(t, options, { profile }), { name: 'StartError', message: /both given/ })
})

t.test('the fields of a user have 16 kB together', async t => {
  const texts = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`text${at}`, { type: 'string' }]))
  const http = client(await build(t, folder(t, { type: 'object', properties: texts }).options, quiet))
  const long = Object.fromEntries(Object.keys(texts).map(name => [name, 'x'.repeat(1000)]))
  refused(t, await http.post('/api/register/', { ...whole, ...long }), 'validation_failed', ['profile'])
  refused(t, await http.post('/api/register/', { ...whole, text0: 'x'.repeat(1001) }), 'validation_failed', ['text0'])
  t.equal((await http.post('/api/register/', { ...whole, text0: 'x'.repeat(1000) })).statusCode, 201)
})

t.test('a profile schema that is wrong stops the start, with the place and what would be right', async t => {
  const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
  const wrong: Array<[schema: object | string, said: RegExp]> = [
    ['{"type": ', /profile\.json is not JSON/],
    [[], /type: it is not the schema of an object; give/],
    [{ type: 'string' }, /type: it is not the schema of an object/],
    [object({ a: true }), /properties\.a: is not a schema; give/],
    [object({ a: {} }), /properties\.a: fits any value; give it a type/],
    [object({ a: { type: 'text' } }), /properties\.a\.type: "text" is no value/],
    [object({ a: { type: 'string', maxLength: '3' } }), /properties\.a\.maxLength: "3" is no value/],
    [object({ a: { type: 'integer', maxLength: 3 } }), /properties\.a\.maxLength: would not be in force/],
    [
      object({ a: { type: 'string', format: 'phone' } }),
      /properties\.a\.format: phone is not enforced; give one of .*uuid/
    ],
    [object({ a: { $ref: 'https://example.com/a.json' } }), /properties\.a\.\$ref: a reference is not followed/],
    [object({ a: { type: 'string', pattern: '(' } }), /properties\.a\.pattern: is not a regular expression/],
    [object({ a: { type: 'string', pattern: '^(a+)+$' } }), /properties\.a\.pattern: takes too long/],
    [object({ a: { type: 'string', pattern: '^(\\w|\\d)*x$' } }), /properties\.a\.pattern: takes too long/],
    [object({ a: { type: 'string', pattern: '.*.*.*x' } }), /properties\.a\.pattern: takes too long/],
    [object({ a: { type: 'array', items: { type: 'string', default: 'x' } } }), /a\.items\.default: counts only at/],
    [object({ a: { type: 'object', additionalProperties: true } }), /a\.additionalProperties: true is no value/],
    [object({ a: { type: 'object', properties: { b: { type: 'date' } } } }), /a\.properties\.b\.type: "date"/],
    [object({ a: { type: 'integer', default: 'x' } }), /properties\.a\.default: does not fit/],
    [object({}, { additionalProperties: true }), /additionalProperties: is always false/],
    [object({}, { allOf: [] }), /allOf: would not be in force/],
    [object({}, { required: ['a'] }), /required: must be a list of names that stand under properties/],
    [object({}, { claims: ['a'] }), /claims: must be a list of names/],
    [object({ groups: { type: 'string' } }, { claims: ['groups'] }), /claims: groups is a claim with a meaning/],
    [
      object({ a: { type: 'string', readOnly: true } }, { required: ['a'] }),
      /required and readOnly.*give it a default/
    ],
    ...['username', 'email', 'roles', 'id', 'email_verified', 'active', 'constructor', 'toString'].map(
      (name): [object, RegExp] => [object({ [name]: { type: 'string' } }), /this name is taken; choose another/]
    ),
    ['{"type":"object","properties":{"__proto__":{"type":"string"}}}', /__proto__: this name is taken/],
    [object({ 'a.b': { type: 'string' } }), /properties\.a\.b: a name has 1 to 64 letters/]
  ]
  for (const [schema, said] of wrong)
    await t.rejects(start(folder(t, schema).options), { name: 'StartError', message: said })
  const missing = { authProfileSchema: `${t.testdir()}/none.json` }
  await t.rejects(start(missing), { name: 'StartError', message: /none\.json cannot be read \(ENOENT\)/ })
  const several = object({ id: { type: 'string' }, a: { type: 'string', format: 'phone' } })
  await t.rejects(start(folder(t, several).options), { message: /properties\.id[\s\S]*properties\.a\.format/ })
})

/** Starts over no file but the schema, and is closed also when that fails. */
async function start({ authProfileSchema = '' }: Options) {
  const dataDir = dirname(authProfileSchema)
  const app = buildServer({ databaseUrl: 'sqlite::memory:', dataDir, authProfileSchema, logLevel: 'silent' })
  try {
    await app.ready()
  } finally {
    await app.close()
  }
}
