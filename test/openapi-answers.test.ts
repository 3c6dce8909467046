import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { Check } from 'typebox/schema'
import type { Mail, MailKind } from '../src/core/mail.ts'
import type { ErrorCode } from '../src/errors.ts'
import {
  type Document,
  documentOf,
  examplesOf,
  isForClients,
  type Operation,
  operationsOf,
  problemsOf,
  resolved
} from './document.ts'
import { build, client } from './helper.ts'
import { type Credentials, oauthClient, registered } from './routes/oauth-client.ts'

let app: FastifyInstance
let document: Document
let operations: Operation[]

t.before(async () => {
  app = await build(t)
  document = await documentOf(app)
  operations = operationsOf(document)
})

const find = (id: string) => operations.find(({ operationId }) => operationId === id) as Operation
const exampleBody = ({ requestBody }: Operation) => Object.values(requestBody?.content ?? {})[0]?.example as object

t.test('every operation succeeds as documented, with the request examples as they stand', async t => {
  const { service, mailed } = await withMails(t)
  const { send } = client(service)
  const call = async (id: string, body: object = exampleBody(find(id)), access?: string, which = '') => {
    const { path, method, responses } = find(id)
    const headers = access ? { authorization: `Bearer ${access}` } : {}
    const answer = await send({
      url: path.replace(/\{\w+\}/, which),
      method,
      headers,
      payload: method === 'GET' ? undefined : body
    })
    const documented = responses[answer.statusCode]
    t.match(`${answer.statusCode}`, /^2/, id)
    t.ok(documented, `${id} may answer ${answer.statusCode}`)
    const schema = resolved(document, documented?.content?.['application/json']?.schema)
    if (schema) t.ok(Check(schema, answer.json()), `${id} answers with what it says`)
    else if (documented?.content) t.ok(documented.content[`${answer.headers['content-type']}`], id)
    else t.equal(answer.body, '', `${id} answers with nothing`)
    // Cookies are for those who ask for them: test/cookies.test.ts.
    const always = Object.keys(documented?.headers ?? {}).filter(name => name !== 'Set-Cookie')
    for (const name of always) t.ok(name.toLowerCase() in answer.headers, name)
    return schema ? answer.json() : undefined
  }

  await call('register')
  await call('resendVerification')
  await call('verifyEmail', await mailed('verify_email'))
  const { access, refresh } = await call('login')
  await call('protected', undefined, access)
  await call('forwardAuth', undefined, access)
  await call('changePassword', undefined, access)
  const again = { username: 'ada', password: 'a longer one this time' }
  await call('login', again)
  const { sessions } = await call('listSessions', undefined, access)
  await call('endSession', undefined, access, sessions.find(({ current }: { current: boolean }) => !current).id)
  await call('endOtherSessions', undefined, access)
  const next = await call('refresh', { refresh })
  await call('verify', { token: next.access })
  await call('logout', { refresh: next.refresh })
  await call('logoutAll', undefined, (await call('login', again)).access)
  const pair = await call('obtainToken', again)
  const rotated = await call('refreshToken', { refresh: pair.refresh })
  await call('verifyToken', { token: rotated.access })
  await call('blacklistToken', { refresh: rotated.refresh })
  const me = await call('login', again)
  for (const id of ['getMe', 'exportMe', 'changeMe']) await call(id, undefined, me.access)
  await call('changeMe', { username: 'ada' }, me.access)
  await call('requestPasswordReset')
  await call('resetPassword', { ...(await mailed('reset_password')), new_password: again.password })
  await call('requestMailedLogin')
  const byMail = await call('loginByMail', await mailed('login'))
  await call('changeEmail', { password: again.password, new_email: 'ada@example.org' }, byMail.access)
  await call('confirmEmailChange', await mailed('change_email'))
  await call('register', { ...exampleBody(find('register')), username: 'eve', email: 'eve@example.com' })
  await call('disownEmail', await mailed('verify_email'))
  const root = { username: 'root', password: 'correct horse battery' }
  await service.core.registration.create({ ...root, email: null, roles: ['admin'] })
  const admin = (await call('login', root)).access
  await call('invite', undefined, admin)
  await call('listInvitations', undefined, admin)
  await call('acceptInvitation', { ...root, username: 'grace', ...(await mailed('invite')) })
  await call('invite', { email: 'linus@example.com' }, admin)
  await call('withdrawInvitation', { email: 'linus@example.com' }, admin)
  await call('listAuditEvents', undefined, admin)
  const last = await call('login', again)
  await call('deleteMe', { password: again.password }, last.access)
  for (const id of ['jwks', 'serverMetadata', 'statusLists', 'live', 'ready']) await call(id)
  await call('statusList', undefined, undefined, '0')
  const walked = [
    'register',
    'login',
    'protected',
    'forwardAuth',
    'changePassword',
    'listSessions',
    'endSession',
    'endOtherSessions',
    'logoutAll',
    'getMe',
    'exportMe',
    'changeMe',
    'deleteMe',
    'resendVerification',
    'verifyEmail',
    'disownEmail',
    'requestPasswordReset',
    'resetPassword',
    'requestMailedLogin',
    'loginByMail',
    'changeEmail',
    'confirmEmailChange',
    'invite',
    'listInvitations',
    'acceptInvitation',
    'withdrawInvitation',
    'listAuditEvents',
    'refresh',
    'verify',
    'logout',
    'obtainToken',
    'refreshToken',
    'verifyToken',
    'blacklistToken',
    'jwks',
    'serverMetadata',
    'statusLists',
    'statusList',
    'live',
    'ready'
  ]
  const others = operations.filter(one => !isForClients(one)).map(({ operationId }) => operationId)
  t.same(others.toSorted(), walked.toSorted(), 'that was all of them')
})

t.test('every operation for clients succeeds as documented, and fails as documented', async t => {
  const service = await build(t)
  const right = await registered(service, ['reports:read'])
  const limited = await build(t, { authRateLimit: 'on' })
  const foreign = await oauthClient(service, await registered(service)).machine()
  const send = ({ path }: Operation, credentials: Credentials, body: object | string, headers = {}, to = service) =>
    oauthClient(to, credentials).send(path.slice('/oauth/'.length), body as string, headers)

  const provoke: Record<string, (operation: Operation) => Promise<LightMyRequestResponse>> = {
    '400 invalid_request': operation => send(operation, right, ''),
    '400 unauthorized_client': operation => send(operation, right, { token: foreign }),
    '400 unsupported_grant_type': operation => send(operation, right, { grant_type: 'password' }),
    '400 invalid_scope': operation => send(operation, right, { grant_type: 'client_credentials', scope: 'admin' }),
    '401 invalid_client': operation => send(operation, { id: 'x', secret: 'x' }, exampleBody(operation)),
    '413 invalid_request': operation => send(operation, right, 'x'.repeat(65_537)),
    '415 invalid_request': operation => send(operation, right, 'text', { 'content-type': 'text/plain' }),
    '429 temporarily_unavailable': async operation => {
      const once = () => send(operation, { id: 'x', secret: 'x' }, '', {}, limited)
      for (let left = 30; left > 0; left--) await once()
      return once()
    }
  }

  for (const operation of operations.filter(isForClients)) {
    const { operationId, responses } = operation
    const good = await send(operation, right, exampleBody(operation))
    t.equal(good.statusCode, 200, operationId)
    t.ok(Check(resolved(document, responses[200]?.content?.['application/json']?.schema) ?? {}, good.json()))
    for (const name of Object.keys(responses[200]?.headers ?? {})) t.ok(good.headers[name.toLowerCase()], name)
    for (const [status, { content = {}, headers = {} }] of Object.entries(responses)) {
      // How a store that does not answer comes about is the business of its own test.
      if (status === '200' || status === '503') continue
      for (const example of Object.values(content).flatMap(examplesOf) as Array<{ error: string }>) {
        const where = `${operationId} ${status} ${example.error}`
        const answer = await provoke[`${status} ${example.error}`]?.(operation)
        t.same([answer?.statusCode, answer?.json()], [Number(status), example], where)
        for (const name of Object.keys(headers)) t.ok(answer?.headers[name.toLowerCase()], `${where} has ${name}`)
      }
    }
  }
})

t.test('every documented problem is what the service answers, word for word and with its headers', async t => {
  const closed = await build(t, { authRegistration: 'closed' })
  const limited = await build(t, { authRateLimit: 'on' })
  const strict = await build(t, { authEmailVerification: 'required' })
  const browsers = await build(t, { publicUrl: 'https://auth.test' })
  const [authorization, limitedToken] = await Promise.all([bearerOf(app), bearerOf(limited)])
  const json = { authorization, 'content-type': 'application/json' }
  const send = ({ path, method }: Operation, headers: Record<string, string>, payload?: object | string, to = app) =>
    to.inject({ url: path, method, headers, payload })

  const provoke: Partial<Record<ErrorCode, (operation: Operation) => Promise<LightMyRequestResponse>>> = {
    validation_failed: operation => send(operation, json, {}),
    payload_too_large: operation => send(operation, json, JSON.stringify({ text: 'x'.repeat(64 * 1024) })),
    unsupported_media_type: operation => send(operation, { ...json, 'content-type': 'text/plain' }, 'text'),
    not_authenticated: operation => send(operation, {}),
    not_found: operation => send(operation, { authorization }),
    token_not_valid: operation =>
      send(operation, operation.security ? {} : { authorization: 'Bearer x' }, exampleBody(operation)),
    no_active_account: operation => send(operation, {}, { username: 'nobody', password: 'nothing at all' }),
    email_not_verified: async operation => {
      await strict.inject({ method: 'POST', url: '/api/register/', payload: exampleBody(find('register')) })
      return send(operation, {}, exampleBody(operation), strict)
    },
    invalid_link: operation => send(operation, {}, exampleBody(operation)),
    wrong_password: operation => {
      const [field = ''] = problemsOf(operation).flatMap(({ code, errors = {} }) =>
        code === 'wrong_password' ? Object.keys(errors) : []
      )
      return send(operation, json, { ...exampleBody(operation), [field]: 'wrong' })
    },
    permission_denied: operation => send(operation, json, exampleBody(operation), operation.security ? closed : app),
    csrf_failed: operation => {
      const cookie = '__Host-postern_access=x; __Host-postern_refresh=x'
      const body = operation.path.endsWith('transport=cookie') ? exampleBody(operation) : undefined
      return send(operation, { cookie, origin: 'https://elsewhere.test' }, body, browsers)
    },
    rate_limited: async operation => {
      const once = () => send(operation, { authorization: limitedToken }, {}, limited)
      for (let left = 30; left > 0; left--) await once()
      return once()
    }
  }
  // How a store that does not answer and a full queue come about is the business of their own tests.
  const elsewhere = ['unavailable', 'overloaded', 'step_up_required']
  const queries: Record<string, string> = {
    'forwardAuth validation_failed': '?login_url=https://elsewhere.test/',
    'forwardAuth permission_denied': '?role=admin',
    'listAuditEvents validation_failed': '?since=yesterday',
    'login csrf_failed': '?transport=cookie',
    'loginByMail csrf_failed': '?transport=cookie'
  }

  for (const operation of operations) {
    for (const problem of problemsOf(operation).filter(({ code }) => !elsewhere.includes(code))) {
      const where = `${operation.operationId} ${problem.code}`
      // These need somebody else: test/me.test.ts and test/accounts/invitations.test.ts have them.
      if (['deleteMe permission_denied', 'withdrawInvitation not_found'].includes(where)) continue
      const asked = { ...operation, path: operation.path + (queries[where] ?? '') }
      const answer = await provoke[problem.code]?.(asked)
      t.same(answer?.json(), problem, where)
      const { headers = {} } = operation.responses[problem.status] ?? {}
      for (const name of Object.keys(headers)) t.ok(answer?.headers[name.toLowerCase()], `${where} has ${name}`)
    }
  }
})

t.test('the key set is sent again only when it has changed', async t => {
  const { path, responses } = find('jwks')
  const first = await app.inject(path)
  const again = await app.inject({ url: path, headers: { 'if-none-match': `${first.headers.etag}` } })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  for (const { statusCode, headers } of [first, again]) {
    t.same(Object.keys(responses[statusCode]?.headers ?? {}), ['Cache-Control', 'ETag'])
    t.match(headers, { etag: /^".+"$/, 'cache-control': /max-age=/ })
  }
  const other = await app.inject({ url: path, headers: { 'if-none-match': '"another"' } })
  t.equal(other.statusCode, 200)
})

t.test('an operation wants a token exactly when the document says so', async t => {
  for (const operation of operations.filter(one => !isForClients(one))) {
    const { operationId, path: url, method, security } = operation
    const answer = await app.inject({ url, method })
    const refused = answer.statusCode === 401 && answer.json().code === 'not_authenticated'
    t.equal(refused, security === undefined, operationId)
    const documented = problemsOf(operation).some(({ code }) => code === 'not_authenticated')
    t.equal(documented, refused, operationId)
    if (security) t.same(security, [], operationId)
  }
})

t.test('under a prefix every path of the document stands under it, and works', async t => {
  const prefixed = await build(t, {}, { prefix: '/auth' })
  const found = await documentOf(prefixed, '/auth')
  t.same(
    Object.keys(found.paths),
    Object.keys(document.paths).map(path => `/auth${path}`)
  )
  t.equal((await prefixed.inject('/auth/health/live')).statusCode, 200)
  t.equal((await prefixed.inject('/docs/json')).statusCode, 404)
})

t.test('with AUTH_DOCS off there is neither page nor document', async t => {
  const quiet = await build(t, { authDocs: 'off' })
  for (const path of ['/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css']) {
    const answer = await quiet.inject(path)
    t.equal(answer.statusCode, 404, path)
    t.equal(answer.json().code, 'not_found', path)
  }
})

/** A service, and what stands behind the links that it mails. */
async function withMails(t: Test) {
  const sent: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void sent.push(mail), close: async () => {} }
  const service = await build(t, {}, { mailer })
  return {
    service,
    async mailed(kind: MailKind): Promise<{ token: string }> {
      while ((await service.core.outbox.summary()).waiting > 0) await sleep(5)
      const link = sent.findLast(mail => mail.kind === kind)?.values.link ?? ''
      return { token: link.slice(link.indexOf('=') + 1) }
    }
  }
}

async function bearerOf(of: FastifyInstance): Promise<string> {
  const { register, login } = client(of)
  await register()
  return `Bearer ${(await login()).access}`
}
