import * as oidc from 'openid-client'
import t, { type Test } from 'tap'
import { build, client } from '../helper.ts'
import { registered } from './oauth-client.ts'

/** A service that listens, and openid-client configured by its metadata, as if it stood at its PUBLIC_URL. */
async function discovered(t: Test, publicUrl: string, method: (secret: string) => oidc.ClientAuth) {
  const app = await build(t, { publicUrl })
  const address = await app.listen({ port: 0 })
  const { id, secret } = await registered(app, ['reports:read', 'a+b/c&d=e'])
  // What the proxy in front does: RFC 8414 section 3.1 puts the well-known part before the path of the issuer.
  const { origin, pathname } = new URL(publicUrl)
  const proxied = (url: string) => {
    const path = url.slice(origin.length).replace(/^(\/\.well-known\/oauth-authorization-server)\/.+/, '$1')
    return address + (pathname !== '/' && path.startsWith(pathname) ? path.slice(pathname.length) : path)
  }
  const config = await oidc.discovery(new URL(publicUrl), id, undefined, method(secret), {
    algorithm: 'oauth2',
    execute: [oidc.allowInsecureRequests],
    [oidc.customFetch]: (url, options) => fetch(proxied(url), options as RequestInit)
  })
  return { app, config, id }
}

const cases = [
  ['http://auth.test', 'client_secret_basic', oidc.ClientSecretBasic],
  ['http://auth.test', 'client_secret_post', oidc.ClientSecretPost],
  ['https://app.test/auth', 'client_secret_basic', oidc.ClientSecretBasic]
] as const

for (const [publicUrl, name, method] of cases) {
  t.test(`openid-client finds ${publicUrl}, gets a token, asks about it and revokes it with ${name}`, async t => {
    const { app, config, id } = await discovered(t, publicUrl, method)
    t.equal(config.serverMetadata().issuer, publicUrl)
    const granted = await oidc.clientCredentialsGrant(config, { scope: 'a+b/c&d=e' })
    t.match(granted, { token_type: 'bearer', scope: 'a+b/c&d=e', expires_in: 300 })
    const active = await oidc.tokenIntrospection(config, granted.access_token)
    t.match(active, { active: true, client_id: id, sub: id, iss: publicUrl, scope: 'a+b/c&d=e' })
    await oidc.tokenRevocation(config, granted.access_token)
    t.same(await oidc.tokenIntrospection(config, granted.access_token), { active: false })

    await client(app).register()
    const { access, refresh } = await client(app).login()
    t.match(await oidc.tokenIntrospection(config, access), { active: true, username: 'ada', token_type: 'Bearer' })
    await oidc.tokenRevocation(config, refresh, { token_type_hint: 'refresh_token' })
    t.same(await oidc.tokenIntrospection(config, access), { active: false })
  })
}

t.test('openid-client understands a refusal', async t => {
  const refusal = (asked: Promise<unknown>) =>
    asked.then(
      () => t.fail('it was not refused'),
      error => error
    )
  const { config } = await discovered(t, 'http://auth.test', oidc.ClientSecretBasic)
  const scope = await refusal(oidc.clientCredentialsGrant(config, { scope: 'admin' }))
  t.match(scope, { error: 'invalid_scope', error_description: String, status: 400 })
  for (const method of [oidc.ClientSecretBasic, oidc.ClientSecretPost]) {
    const wrong = await discovered(t, 'http://auth.test', () => method('wrong'))
    t.match(await refusal(oidc.clientCredentialsGrant(wrong.config)), { status: 401 })
    t.match(await refusal(oidc.tokenIntrospection(wrong.config, 'x')), { status: 401 })
  }
})
