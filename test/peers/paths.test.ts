import t from 'tap'
import { exchange, listen } from '../routes/socket.ts'
import { pathOf, service } from './service.ts'

const ELSEWHERE = [
  ...[
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    'https:evil.test',
    'javascript:alert(1)',
    'https://app.test/login/'
  ],
  ...[
    'https://app.test/login?x',
    'https://app.test/login#',
    'https://app.test/login@evil.test',
    'https://app.test/login%0d%0aLocation: //evil.test'
  ]
]
const NAMES = ['next', 'return_to', 'redirect', 'redirect_uri', 'continue', 'url', 'login_url', 'RelayState']

t.test('nobody is sent to a place that the settings do not name', async t => {
  const { app, operations } = await service(t, { authLoginUrls: ['https://app.test/login'] })
  const pages = [
    '/account/login',
    '/account/verify-email',
    '/account/reset-password',
    '/account/change-email',
    '/account/accept-invite'
  ]
  const paths = [
    ...operations.filter(({ method }) => method === 'GET').map(pathOf),
    ...pages,
    '/',
    '//evil.test',
    '//evil.test/%2f..'
  ]
  for (const path of paths) {
    for (const place of ELSEWHERE) {
      const query = NAMES.map(name => `${name}=${encodeURIComponent(place)}`).join('&')
      const headers = {
        host: 'evil.test',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-uri': '/x',
        'x-forwarded-proto': 'https'
      }
      const { headers: found, body } = await app.inject({ url: `${path}?${query}`, headers })
      t.equal(found.location ?? '', '', path)
      t.notMatch(`${JSON.stringify(found)} ${body}`, /evil\.test/, path)
    }
  }
  t.equal(
    (await app.inject('/forward-auth?login_url=https://app.test/login')).headers.location,
    'https://app.test/login'
  )
})

t.test('a token in a query, a body or another header is never read', async t => {
  const { app, operations, access } = await service(t)
  const places = [
    `access_token=${access}`,
    `token=${access}`,
    `authorization=Bearer%20${access}`,
    `bearer=${access}`,
    `jwt=${access}`
  ]
  const headers = {
    'x-access-token': access,
    'x-authorization': `Bearer ${access}`,
    token: access,
    'x-auth-token': access
  }
  const guarded = operations.filter(({ security }) => security === undefined)
  t.ok(guarded.length > 10)
  for (const operation of guarded) {
    for (const place of places) {
      const given = { method: operation.method, url: `${pathOf(operation)}?${place}`, headers }
      const answer = await app.inject({
        ...given,
        ...(operation.method !== 'GET' && { payload: { access_token: access, access } })
      })
      // Its query is strict: a role that is misspelt must not open a door.
      const code = operation.operationId === 'forwardAuth' ? 'validation_failed' : 'not_authenticated'
      t.match(answer.json(), { code }, operation.operationId)
    }
  }
})

/** A path as somebody writes it who hopes that one of two readers reads it another way. */
const spellings = (path: string) => [
  ...[
    `/${path}`,
    path.replace('/', '//'),
    path.replace(/\/(?=[^/]+\/?$)/, '//'),
    path.replace(/\/(?=[^/]+\/?$)/, '/./'),
    `${path}/`
  ],
  ...[
    path.replace(/\/(?=[^/]+\/?$)/, '/x/../'),
    path.replace(/\/(?=[^/]+\/?$)/, '%2f'),
    path.replace(/\/(?=[^/]+\/?$)/, '\\')
  ],
  ...[
    path.replace(/\/?$/, ';a=b/'),
    path.replace(/\/?$/, '/;'),
    path.replace(/\/?$/, '.'),
    path.replace(/\/?$/, '..;/'),
    path.replace(/\/?$/, '%00')
  ],
  ...[
    path.toUpperCase(),
    path.replace(/[a-z]/, letter => letter.toUpperCase()),
    path.replace(/[a-z]/, letter => `%${letter.charCodeAt(0).toString(16)}`)
  ],
  ...[path.replace(/\/?$/, '%20'), path.replace(/\/?$/, '.json'), `http://evil.test${path}`, `${path}?x`, `${path}#x`]
]

t.test('however a path is spelled, what answers has the same guard', async t => {
  const { app, operations, everything } = await service(t)
  const port = await listen(app)
  const before = everything()
  const closed = operations.filter(({ method, security }) => security === undefined || method !== 'GET')
  for (const operation of closed) {
    const paths = spellings(pathOf(operation))
    const requests = paths.map((path, at) => {
      const head = [
        `${operation.method} ${path} HTTP/1.1`,
        'Host: auth.test',
        'Content-Type: application/json',
        'Content-Length: 2'
      ]
      return `${[...head, ...(at === paths.length - 1 ? ['Connection: close'] : [])].join('\r\n')}\r\n\r\n{}`
    })
    const answers = (
      await Promise.all(requests.map(request => exchange(port, request.replace('Host', 'Connection: close\r\nHost'))))
    ).flat()
    t.equal(answers.length, paths.length)
    const through = answers
      .map(({ status }, at) => `${status} ${paths[at]}`)
      .filter(one => !/^(400|401|404|405|415) /.test(one))
    t.same(through, [], operation.operationId)
  }
  t.equal(everything(), before, 'nothing came of it')
})
