import t from 'tap'
import { jsonOf, pathOf, service } from './peers/service.ts'

t.test('of administrators who all delete their account at once, one stays', async t => {
  const { app, http, administrator, access } = await service(t)
  const names = ['grace', 'edith']
  const others: string[] = []
  for (const name of names) {
    await administrator(name)
    others.push((await http.login(name)).access)
  }
  const remove = (token: string) =>
    app.inject({
      method: 'DELETE',
      url: '/api/me/',
      headers: { authorization: `Bearer ${token}` },
      payload: { password: 'correct horse' }
    })
  const answers = await Promise.all([access, ...others].map(remove))
  t.same(answers.map(({ statusCode }) => statusCode).toSorted(), [204, 204, 403])
  t.match(answers.find(({ statusCode }) => statusCode === 403)?.json(), { detail: 'You are the only administrator.' })
  const left = await Promise.all(['root', ...names].map(name => app.core.users.findByUsername(name)))
  t.same(
    left.filter(user => user).map(user => user?.roles),
    [['admin']]
  )
})

t.test('HEAD and OPTIONS change nothing, at any route', async t => {
  const { app, document, operations, authorization, everything } = await service(t, { authDocs: 'on' })
  const pages = [
    '/account/login',
    '/account/login/request',
    '/account/verify-email/disown',
    '/account/reset-password',
    '/docs',
    '/nope'
  ]
  const before = everything()
  for (const url of [...operations.map(pathOf), ...pages]) {
    const payload = operations.filter(one => pathOf(one) === url).map(one => jsonOf(document, one)?.example)[0]
    for (const method of ['HEAD', 'OPTIONS'] as const) {
      const answer = await app.inject({
        method,
        url,
        headers: { authorization, origin: 'https://evil.test' },
        ...(payload && { payload })
      })
      t.ok(answer.statusCode < 500, `${method} ${url}`)
      t.equal(answer.headers['access-control-allow-origin'], undefined, `${method} ${url}`)
    }
  }
  t.equal(everything(), before, 'nothing came of it')
})
