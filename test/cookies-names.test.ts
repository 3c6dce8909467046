import t from 'tap'
import { cookieNames } from '../src/cookies/names.ts'
import { browser, OWN_PAGE } from './cookies/jar.ts'
import { ACCESS, REFRESH, service } from './cookies/service.ts'
import { refused } from './routes/answers.ts'

t.test('a cookie is refused that is doubled, of the wrong kind, under a name without prefix, or not whole', async t => {
  const { app, ada } = await service(t)
  await ada.login()
  const [access, refresh] = ada.jar.values()
  const ask = (cookie: string) => app.inject({ url: '/api/protected/', headers: { cookie } })
  t.equal((await ask(`a=b; ${ACCESS}=${access}; x${ACCESS}=y; ${ACCESS}x=y`)).statusCode, 200)
  for (const cookie of [
    `${ACCESS}=${access}; ${ACCESS}=${access}`,
    `${ACCESS}=; ${ACCESS}=${access}`,
    `${ACCESS}=${refresh}`,
    `${ACCESS}=`,
    `${ACCESS}="${access}"`
  ])
    refused(t, await ask(cookie), 'token_not_valid', [], cookie)
  for (const cookie of [
    `postern_access=${access}`,
    `__Secure-postern_access=${access}`,
    `__host-postern_access=${access}`,
    `${REFRESH}=${refresh}`,
    `${ACCESS}`,
    ''
  ])
    refused(t, await ask(cookie), 'not_authenticated', [], cookie)
  const doubled = await app.inject({
    method: 'POST',
    url: '/api/refresh/',
    headers: { ...OWN_PAGE, cookie: `${REFRESH}=${refresh}; ${REFRESH}=x` }
  })
  refused(t, doubled, 'token_not_valid')
  t.equal((await ada.refresh()).statusCode, 200, 'and ended nothing')
})

t.test('http on this machine drops the prefix and Secure; http anywhere else has no cookies at all', async t => {
  const { ada } = await service(t, { publicUrl: 'http://localhost:8000' })
  const { cookies } = await ada.login()
  t.same(
    cookies.map(({ name, secure, httpOnly, sameSite, path }) => ({ name, secure, httpOnly, sameSite, path })),
    [
      { name: 'postern_access', secure: undefined, httpOnly: true, sameSite: 'Lax', path: '/' },
      { name: 'postern_refresh', secure: undefined, httpOnly: true, sameSite: 'Lax', path: '/' }
    ]
  )
  t.equal((await ada.protected()).statusCode, 200)

  const { ada: plain, http } = await service(t, { publicUrl: 'http://auth.test' })
  refused(t, await plain.login(), 'validation_failed', ['transport'])
  const { access, refresh } = await http.login()
  for (const prefix of ['', '__Host-']) {
    plain.jar.set(`${prefix}postern_access`, access).set(`${prefix}postern_refresh`, refresh)
    refused(t, await plain.protected(), 'not_authenticated')
    refused(t, await plain.refresh(), 'validation_failed', ['body'])
    t.notOk((await plain.post('/api/logout-all/', undefined)).headers['set-cookie'])
  }
})

t.test('services below different paths of one host keep their cookies apart', async t => {
  const names = ['', '/auth', '/staff/auth', '/staff.auth', '/staff~2eauth', '/staff~auth', '/a@(b)'].map(path =>
    cookieNames(`https://app.test${path}`)
  )
  t.same(
    names.slice(0, 3).map(name => name?.access),
    [ACCESS, `${ACCESS}.auth`, `${ACCESS}.staff.auth`]
  )
  t.equal(new Set(names.map(name => name?.refresh)).size, names.length)
  for (const name of names) t.match(name?.access, /^[\w.~-]+$/)

  const [staff, shop] = [
    await service(t, { publicUrl: 'https://app.test/staff' }),
    await service(t, { publicUrl: 'https://app.test/shop' })
  ]
  await staff.ada.login()
  const visitor = browser(shop.app)
  for (const [name, value] of staff.ada.jar) visitor.jar.set(name, value)
  refused(t, await visitor.protected(), 'not_authenticated')
  await visitor.login()
  t.equal(visitor.jar.size, 4)
  t.equal((await visitor.protected()).statusCode, 200)
})
