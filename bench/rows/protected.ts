import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { measure } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import type { Server } from '../processes.ts'

/** GETs of a path by many users over many connections, against a route that does nothing with the same requests. */
const guarded =
  (path: string, name: string, least: number): Row =>
  async ({ plan, postern, bare }) => {
    const [service, limit] = [await postern(), await bare()]
    const tokens = await logIn(service.port, plan.users)

    const get = (path: string, server: Server) => async () => {
      const requests = tokens.map(({ access }) => request('GET', path, server.port, bearer(access)))
      const { rate, busy } = await measure(server, { ...plan, awake: true, requests })
      return { rate, busy }
    }
    const comparison = await compare(
      plan,
      { name, measure: get(path, service) },
      { name: 'bare GET', measure: get('/bare', limit) }
    )
    return [ratio(`GET ${path}`, 'bare GET', comparison, { least })]
  }

/** A route behind the guard, which looks its user up. */
export const protectedRoute = guarded('/api/protected/', 'protected', 0.5)

/** What a proxy asks before every request that it lets through. */
export const forwardAuth = guarded('/forward-auth', 'forward-auth', 0.45)
