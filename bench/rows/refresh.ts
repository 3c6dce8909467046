import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { chains } from '../load/chains.ts'

/** POST /api/refresh/, each connection with a session of its own, against a route that answers the same sizes. */
export const refresh: Row = async ({ plan, postern, bare }) => {
  const [service, limit] = [await postern(), await bare()]
  const tokens = (await logIn(service.port, plan.connections)).map(pair => pair.refresh)
  const comparison = await compare(
    plan,
    { name: 'refresh', measure: chains(plan, service, { path: '/api/refresh/', tokens }) },
    { name: 'bare POST', measure: chains(plan, limit, { path: '/bare', tokens }) }
  )
  return [ratio('POST /api/refresh/', 'bare POST', comparison, { least: 0.17 })]
}
