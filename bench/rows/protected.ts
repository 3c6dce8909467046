import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { load } from '../load/load.ts'
import { request } from '../load/task.ts'

/** GET /api/protected/ by many users over many connections, against a route that does nothing with the same requests. */
export const protectedRoute: Row = async ({ plan, postern, bare }) => {
  const [service, limit] = [await postern(), await bare()]
  const tokens = await logIn(service.port, plan.users)

  const measure = (path: string, port: number) => async () => {
    const requests = tokens.map(({ access }) => request('GET', path, port, { authorization: `Bearer ${access}` }))
    return (await load({ ...plan, port, requests })).rate
  }
  const comparison = await compare(
    plan,
    { name: 'protected', measure: measure('/api/protected/', service.port) },
    { name: 'bare GET', measure: measure('/bare', limit.port) }
  )
  return [ratio('GET /api/protected/', 'bare GET', comparison, { least: 0.5 })]
}
