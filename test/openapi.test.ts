import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { Check } from 'typebox/schema'
import { errorCodes, PosternError } from '../src/errors.ts'
import { version } from '../src/version.ts'
import * as openapi from './document.ts'
import { build } from './helper.ts'

/** Where a route says more than the catalogue does. */
const PARTICULAR: Record<string, Record<string, string>> = {
  register: { permission_denied: 'Registration is closed.' },
  deleteMe: { permission_denied: 'You are the only administrator.' }
}

/** Which operation answers with something else than JSON. */
const OTHER_MEDIA: Record<string, string> = { statusList: 'application/statuslist+jwt' }

let document: openapi.Document
let operations: openapi.Operation[]

t.before(async () => {
  document = await openapi.documentOf(await build(t))
  operations = openapi.operationsOf(document)
})

t.test(
  'the document is OpenAPI 3.1 about this version, with a way to authorize for users and one for clients',
  async t => {
    t.equal(document.openapi, '3.1.0')
    t.match(document.info, { title: 'Postern', version, description: /Authorize/ })
    t.match(document.components.securitySchemes, {
      bearer: { type: 'http', scheme: 'bearer' },
      cookie: { type: 'apiKey', in: 'cookie', name: '__Host-postern_access' },
      client: { type: 'http', scheme: 'basic' }
    })
    t.same(document.security, [{ bearer: [] }, { cookie: [] }])
    t.ok(operations.length >= 10)
  }
)

t.test('every operation says what it is for', async t => {
  const declared = document.tags.map(tag => tag.name)
  for (const { path, method, operationId, summary, description, tags, parameters = [] } of operations) {
    t.match(path, /^\/[\w./{}-]+$/)
    t.ok(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method), `${method} ${path} is for people to call`)
    t.match(operationId, /^[a-z][A-Za-z]+$/, path)
    t.match(summary, /^[A-Z].{3,60}[^.]$/, operationId)
    t.match(description, /^[A-Z].{20,}\.$/s, operationId)
    t.equal(tags.length, 1, operationId)
    t.ok(declared.includes(`${tags[0]}`), operationId)
    for (const parameter of parameters) t.ok(parameter.description, `${operationId} ${parameter.name}`)
  }
  const names = operations.map(({ operationId }) => operationId)
  t.same(names, [...new Set(names)], 'no two have the same name')
})

t.test('every operation answers success with a schema, or with nothing where HTTP allows nothing', async t => {
  for (const { operationId, responses } of operations) {
    const good = Object.entries(responses).filter(([status]) => Number(status) < 400)
    t.match(good[0]?.[0], /^2\d\d$/, operationId)
    for (const [status, { description, content }] of good) {
      t.match(description, /^[A-Z].+[^.]$/, operationId)
      if (['204', '302', '304'].includes(status)) t.equal(content, undefined, operationId)
      else t.match(content, { [OTHER_MEDIA[operationId] ?? 'application/json']: { schema: Object } }, operationId)
    }
  }
})

t.test('every error is a problem, with the status and the sentence that the catalogue has for its code', async t => {
  const ours = operations.filter(one => !openapi.isForClients(one) && !openapi.isForDjango(one))
  for (const { operationId, responses } of ours) {
    for (const [status, { description, content = {} }] of Object.entries(responses)) {
      if (Number(status) < 400) continue
      t.same(Object.keys(content), [openapi.PROBLEM], `${operationId} ${status}`)
      const found = openapi.problemsOf({ responses: { [status]: { description, content } } })
      t.not(found.length, 0, `${operationId} ${status} has an example`)
      t.equal(description, found.map(({ code, detail }) => `\`${code}\`: ${detail}`).join('\n\n'))
      for (const { code, errors: _, ...rest } of found) {
        t.ok(errorCodes.includes(code), code)
        const { statusCode, message } = new PosternError(code)
        const detail = PARTICULAR[operationId]?.[code] ?? message
        t.equal(status, `${statusCode}`, `${operationId} ${code}`)
        t.same(rest, { type: 'about:blank', title: STATUS_CODES[statusCode], status: statusCode, detail })
      }
    }
  }
})

t.test('every error for clients is one of OAuth, with the status and the sentence that it has in the code', async t => {
  const forClients = operations.filter(openapi.isForClients)
  t.same(
    forClients.map(({ path }) => path),
    ['/oauth/introspect', '/oauth/revoke', '/oauth/token']
  )
  for (const { operationId, requestBody, responses } of forClients) {
    t.same(Object.keys(requestBody?.content ?? {}), [openapi.FORM], operationId)
    for (const [status, { description, content = {} }] of Object.entries(responses)) {
      if (Number(status) < 400) continue
      const values = Object.values(content).flatMap(openapi.examplesOf) as Array<Record<string, string>>
      t.same(Object.keys(content), ['application/json'], `${operationId} ${status}`)
      t.not(values.length, 0)
      t.equal(description, values.map(one => `\`${one.error}\`: ${one.error_description}`).join('\n\n'))
    }
  }
})

t.test('every example fits its schema, and every body has one', async t => {
  const fits = (schema: openapi.Schema, value: unknown, where: string) =>
    t.ok(Check(openapi.resolved(document, schema), value), `${where}: ${JSON.stringify(value)}`)
  for (const { operationId, requestBody, responses } of operations) {
    if (requestBody) t.ok(Object.values(requestBody.content)[0]?.example, `${operationId} has a request example`)
    const media = [requestBody, ...Object.values(responses)].flatMap(part => Object.values(part?.content ?? {}))
    for (const one of media) for (const value of openapi.examplesOf(one)) fits(one.schema, value, operationId)
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    for (const value of schema.examples ?? []) fits(schema, value, name)
  }
  const user = openapi.resolved(document, { $ref: '#/components/schemas/User' })
  t.notOk(Check(user, { id: '1' }), 'one that does not fit would be seen')
})

t.test('every reference leads somewhere, and every named schema is used under its name', async t => {
  t.doesNotThrow(() => openapi.resolved(document, document.paths))
  t.throws(() => openapi.resolved(document, { $ref: '#/components/schemas/Nobody' }))
  const text = JSON.stringify(document)
  for (const [name, { title }] of Object.entries(document.components.schemas)) {
    t.equal(title, name)
    t.ok(text.includes(`"#/components/schemas/${name}"`), name)
  }
})

t.test('headers that a client must heed are documented', async t => {
  for (const { operationId, responses } of operations) {
    for (const [status, { headers = {}, content }] of Object.entries(responses)) {
      const where = `${operationId} ${status}`
      t.equal('WWW-Authenticate' in headers, status === '401', where)
      t.equal('Retry-After' in headers, ['429', '503'].includes(status), where)
      const holdsTokens = JSON.stringify(content?.['application/json']?.schema ?? {}).includes('/TokenPair"')
      if (holdsTokens) t.ok('Cache-Control' in headers, where)
      for (const [name, { description, schema }] of Object.entries(headers)) t.ok(description && schema, name)
    }
  }
})

t.test(
  'a browser with cookies needs no body to refresh and to log out, and may ask for cookies at a login',
  async t => {
    const optional = operations.filter(({ requestBody }) => requestBody && !requestBody.required)
    t.same(optional.map(({ operationId }) => operationId).toSorted(), ['logout', 'refresh'])
    const asking = operations.filter(({ parameters = [] }) => parameters.some(({ name }) => name === 'transport'))
    t.same(asking.map(({ operationId }) => operationId).toSorted(), ['login', 'loginByMail'])
    const setting = operations.filter(({ responses }) =>
      Object.values(responses).some(({ headers = {} }) => 'Set-Cookie' in headers)
    )
    t.same(setting.map(({ operationId }) => operationId).toSorted(), [
      'deleteMe',
      'endSession',
      'login',
      'loginByMail',
      'logout',
      'logoutAll',
      'refresh'
    ])
  }
)
