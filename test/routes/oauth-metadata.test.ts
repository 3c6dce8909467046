import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { host, settings } from '../embedding/host.ts'
import { build } from '../helper.ts'

const PATH = '/.well-known/oauth-authorization-server'

t.test('the metadata names the issuer and every endpoint', async t => {
  const answer = await (await build(t)).inject(PATH)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.match(answer.headers['cache-control'], /^public, max-age=\d+$/)
  const methods = ['client_secret_basic', 'client_secret_post']
  t.strictSame(answer.json(), {
    issuer: 'http://auth.test',
    token_endpoint: 'http://auth.test/oauth/token',
    token_endpoint_auth_methods_supported: methods,
    introspection_endpoint: 'http://auth.test/oauth/introspect',
    introspection_endpoint_auth_methods_supported: methods,
    revocation_endpoint: 'http://auth.test/oauth/revoke',
    revocation_endpoint_auth_methods_supported: methods,
    jwks_uri: 'http://auth.test/.well-known/jwks.json',
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    status_list_aggregation_endpoint: 'http://auth.test/status-lists/'
  })
})

t.test('what the metadata names is there, beside an application and in one', async t => {
  const alone = await build(t)
  const embedding = await host(t, settings(t))
  for (const [app, at] of [
    [alone, 'http://auth.test'],
    [embedding, 'http://app.test/auth']
  ] as Array<[FastifyInstance, string]>) {
    const path = (url: string) => new URL(url).pathname
    const { issuer, ...metadata } = (await app.inject(path(`${at}${PATH}`))).json()
    t.equal(issuer, at)
    t.equal((await app.inject(path(metadata.jwks_uri))).statusCode, 200)
    for (const name of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint']) {
      const answer = await app.inject({ method: 'POST', url: path(metadata[name]) })
      t.match([answer.statusCode, answer.json().error], [401, 'invalid_client'], name)
    }
  }
})

t.test('the issuer is PUBLIC_URL to the letter', async t => {
  for (const publicUrl of ['https://auth.example.com', 'https://example.com/a/b'])
    t.equal((await (await build(t, { publicUrl })).inject(PATH)).json().issuer, publicUrl)
})

t.test('an unknown path below /oauth is not found', async t => {
  const app = await build(t)
  for (const url of ['/oauth', '/oauth/authorize', '/oauth/token/x']) t.equal((await app.inject(url)).statusCode, 404)
})
