import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { measure } from '../load/load.ts'
import { request } from '../load/task.ts'

/** POST /oauth/introspect of many access tokens by one client, against a route that answers a pair of tokens. */
export const introspection: Row = async ({ plan, postern, bare, client }) => {
  const [service, limit, { id, secret }] = [await postern(), await bare(), await client()]
  const tokens = await logIn(service.port, plan.users)
  const headers = {
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded'
  }
  const asked = tokens.map(({ access }) =>
    request('POST', '/oauth/introspect', service.port, headers, `token=${access}`)
  )
  const bodies = tokens.map(({ access }) => request('POST', '/bare', limit.port, {}, JSON.stringify({ token: access })))
  const load = (server: typeof service, requests: string[]) => async () => {
    const { rate, busy } = await measure(server, { ...plan, awake: true, requests })
    return { rate, busy }
  }
  const comparison = await compare(
    plan,
    { name: 'introspection', measure: load(service, asked) },
    { name: 'bare POST', measure: load(limit, bodies) }
  )
  return [ratio('POST /oauth/introspect', 'bare POST', comparison, { least: 0.35 })]
}
