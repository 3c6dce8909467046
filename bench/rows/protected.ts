import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { measure } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import type { Server } from '../processes.ts'

/** GET /api/protected/ by many users over many connections, against a route that does nothing with the same requests. */
export const protectedRoute: Row = async ({ plan, postern, bare }) => {
  const [service, limit] = [await postern(), await bare()]
  const tokens = await logIn(service.port, plan.users)

  const get = (path: string, server: Server) => async () => {
    const requests = tokens.map(({ access }) => request('GET', path, server.port, bearer(access)))
    const { rate, busy } = await measure(server, { ...plan, awake: true, requests })
    return { rate, busy }
  }
  const comparison = await compare(
    plan,
    { name: 'protected', measure: get('/api/protected/', service) },
    { name: 'bare GET', measure: get('/bare', limit) }
  )
  return [ratio('GET /api/protected/', 'bare GET', comparison, { least: 0.5 })]
}
