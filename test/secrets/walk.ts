import type { Visitor } from './visitor.ts'

/** What was set up before: a client and an administrator, and a token of Django. */
export interface Prepared {
  client: { client_id: string; client_secret: string }
  admin: { username: string; password: string }
  minted: string
}

const password = (name: string) => `Pä"ss\\wörd+7&=<%x> of ${name}`
const ada = { username: 'ada', email: 'ada@example.com' }

/** All that users do with secrets, and many ways to put one where it does not belong. Throws when a step is not taken. */
export async function walk(visitor: Visitor, { client, admin, minted }: Prepared): Promise<void> {
  const { keep, post, send, sendAs, mailed } = visitor
  const expect = async <Answer extends { status: number }>(
    status: number,
    answer: Promise<Answer>
  ): Promise<Answer> => {
    const found = await answer
    if (found.status !== status) throw new Error(`${status} was expected: ${JSON.stringify(found)}`)
    return found
  }
  const secret = (name: string) => keep(`password ${name}`, password(name))
  const login = async (password: string) =>
    (await expect(200, post('/api/login/', { ...{ username: 'ada' }, password }))).body
  const first = secret('ada')

  const verification = await mailed('verification', () =>
    expect(201, post('/api/register/', { ...ada, password: first }))
  )
  await expect(400, post('/api/register/', { username: 'a b', email: secret('email'), password: secret('refused') }))
  await expect(400, post('/api/register/', { ...ada, password: secret('taken') }))
  await expect(401, post('/api/login/', { username: secret('name'), password: secret('wrong') }))
  await expect(400, post('/api/login/', { username: [secret('list')], password: { a: secret('object') } }))
  await expect(400, post('/api/login/', `{"password":"${secret('broken').replace(/["\\]/g, '')}"`))
  await expect(400, send('/api/login/', { body: JSON.stringify(secret('text')), headers: { cookie: 'a=b' } }))
  await expect(415, send('/api/login/', { body: secret('type'), headers: { 'content-type': 'text/plain' } }))

  const { access = '', refresh = '' } = await login(first)
  await expect(404, send(`/api/verify-email/${verification.token}?token=${verification.token}`))
  await expect(400, post('/api/password-reset/confirm/', { token: verification.token, new_password: secret('next') }))
  await expect(400, post('/api/verify-email/', { email: ada.email, code: keep('wrong code', 'WRNG-C0DE') }))
  await expect(200, post('/api/verify-email/', { token: verification.token }))
  await expect(400, post('/api/verify-email/', { email: ada.email, code: verification.code }))

  await expect(401, send(`/api/protected/?access_token=${access}&password=${encodeURIComponent(first)}`))
  await expect(404, send(`/api/protected/${access}`))
  await expect(404, send(`/account/reset-password/${verification.token}`))
  await expect(
    401,
    send('/api/protected/', {
      headers: {
        referer: `http://auth.test/?token=${access}`,
        authorization: `Basic ${btoa('ada:Pass word of a header')}`
      }
    })
  )
  keep('password of a header', 'Pass word of a header')
  await expect(
    401,
    send('/forward-auth', { headers: { 'x-forwarded-uri': `/?token=${access}`, authorization: `Bearer ${refresh}` } })
  )
  await expect(200, sendAs('GET', '/forward-auth', access))
  await expect(200, sendAs('GET', '/api/me/export/', access))

  const rotated = (await expect(200, post('/api/refresh/', { refresh }))).body
  await expect(401, post('/api/refresh/', { refresh: access }))
  await expect(401, post('/api/refresh/', { refresh }))
  await expect(401, post('/api/logout/', { refresh: rotated.refresh }))
  const again = await login(first)
  const token = again.access as string
  await expect(400, post('/api/change-password/', { old_password: secret('old'), new_password: secret('new') }, token))
  await expect(400, post('/api/change-password/', { old_password: first, new_password: keep('weak', 'wëak7') }, token))
  await expect(200, post('/api/change-password/', { old_password: first, new_password: secret('second') }, token))
  await expect(200, post('/api/verify/', { token }))

  const reset = await mailed('reset', () => expect(202, post('/api/password-reset/', { email: ada.email })))
  await expect(400, post('/api/password-reset/confirm/', { token: reset.token, new_password: 'ada' }))
  const form = new URLSearchParams({ email: ada.email, code: 'WRNG-F0RM', new_password: secret('form') })
  await expect(400, send('/account/reset-password', { body: form, headers: { 'sec-fetch-site': 'same-origin' } }))
  await expect(204, post('/api/password-reset/confirm/', { token: reset.token, new_password: secret('third') }))
  const code = await mailed('login', () => expect(202, post('/api/login/email/', { email: ada.email })))
  await expect(200, post('/api/login/email/confirm/', { email: ada.email, code: code.code }))
  const link = await mailed('login', () => expect(202, post('/api/login/email/', { email: ada.email })))
  const last = (await expect(200, post('/api/login/email/confirm/', { token: link.token }))).body
  const change = { password: password('third'), new_email: 'ada@example.org' }
  const moved = await mailed('new address', () => expect(202, post('/api/change-email/', change, last.access)))
  await expect(200, post('/api/change-email/confirm/', { token: moved.token }))

  const root = (await expect(200, post('/api/login/', admin))).body.access as string
  const guest = { email: 'guest@example.com', roles: ['editor'] }
  const invited = await mailed('invitation', () => expect(202, post('/api/invitations/', guest, root)))
  await expect(
    201,
    post('/api/invitations/accept/', { token: invited.token, username: 'guest', password: secret('guest') })
  )

  await forClients(visitor, client, root)
  await forDjango(visitor, minted)
  await expect(400, sendAs('DELETE', '/api/me/', last.access as string, { password: secret('not mine') }))
  await expect(204, sendAs('DELETE', '/api/me/', last.access as string, { password: password('third') }))
}

async function forClients({ keep, send }: Visitor, client: Prepared['client'], access: string): Promise<void> {
  keep('client secret', client.client_secret)
  const form = (path: string, fields: object, headers = {}) =>
    send(path, { body: new URLSearchParams({ ...fields }), headers: { ...headers } })
  await form('/oauth/token', { ...client, grant_type: 'client_credentials' })
  await form('/oauth/token', { ...client, grant_type: client.client_secret, scope: client.client_secret })
  await form('/oauth/introspect', { ...client, token: access })
  await form('/oauth/introspect', { ...client, token: client.client_secret, [client.client_id]: '1' })
  const wrong = keep('wrong client secret', 'a client secret that is wrong')
  await form('/oauth/revoke', { client_id: client.client_secret, client_secret: wrong, token: access })
  await form('/oauth/token', {}, { authorization: `Basic ${btoa(`${client.client_id}:${wrong}`)}` })
  await send(`/oauth/introspect?client_secret=${client.client_secret}&token=${access}`, { body: '{"client_secret":' })
}

async function forDjango({ keep, post, send }: Visitor, minted: string): Promise<void> {
  const secret = keep('password for Django', password('dora'))
  keep('token of Django', minted.split('.')[2] as string)
  await post('/api/token/', { username: secret, password: secret })
  await post('/api/token/', { username: [secret], password: { a: secret } })
  await post('/api/token/', `{"password": ${JSON.stringify(secret)}`)
  await send('/api/token/', { body: secret, headers: { 'content-type': 'text/plain' } })
  const { status, body } = await post('/api/token/refresh/', { refresh: minted })
  if (status !== 200) throw new Error('the token of Django was not taken')
  await post('/api/token/verify/', { token: body.access as string })
  await post('/api/token/blacklist/', { refresh: body.refresh as string })
  await post('/api/token/refresh/', { refresh: minted })
}
