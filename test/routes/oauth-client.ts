import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'

export interface Credentials {
  id: string
  secret: string
}

type Parameters = Record<string, string> | Array<[name: string, value: string]> | string

/** Registers a client, as the command line does. */
export async function registered(app: FastifyInstance, scopes: string[] = [], name = 'reports'): Promise<Credentials> {
  const { client, secret } = await app.core.clients.create(name, scopes)
  return { id: client.id, secret }
}

/** The header of client_secret_basic (RFC 6749 section 2.3.1). */
export const basic = ({ id, secret }: Credentials): string => {
  const [user, password] = [id, secret].map(part => new URLSearchParams({ part }).toString().slice('part='.length))
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Sends forms to /oauth/, by default with the credentials in the header. */
export function oauthClient(app: FastifyInstance, credentials?: Credentials) {
  const send = (path: string, parameters: Parameters, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: `/oauth/${path}`,
      payload: typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(credentials && { authorization: basic(credentials) }),
        ...headers
      }
    })
  const token = (scope?: string) =>
    send('token', { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) })
  return {
    send,
    token,
    introspect: (token: string) => send('introspect', { token }),
    revoke: (token: string) => send('revoke', { token }),
    /** Gets an access token of the client. */
    machine: async (scope?: string): Promise<string> => (await token(scope)).json().access_token
  }
}

/** The answer is this error of RFC 6749, headers too. */
export function failed(t: Test, answer: LightMyRequestResponse, status: number, error: string, about = '') {
  t.equal(answer.statusCode, status, about)
  const { error_description: description, ...rest } = answer.json()
  t.same(rest, { error }, about)
  t.match(description, /^[A-Z][\x20\x21\x23-\x5b\x5d-\x7e]+\.$/)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers.pragma, 'no-cache')
  t.equal(answer.headers['www-authenticate'], status === 401 ? 'Basic realm="postern"' : undefined)
}

/** The token is not active, and nothing else is said. */
export function inactive(t: Test, answer: LightMyRequestResponse, about = '') {
  t.equal(answer.statusCode, 200, about)
  t.equal(answer.body, '{"active":false}', about)
}
