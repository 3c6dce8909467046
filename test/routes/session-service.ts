import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { build, client, testClock } from '../helper.ts'
import { read } from './answers.ts'

/** The tokens of a login or refresh. */
export interface Pair {
  access: string
  refresh: string
}

/** The service with the user ada, and what clients do with their sessions. */
export async function service(t: Test, options = {}) {
  const clock = testClock()
  const app = await build(t, options, { now: clock.now })
  const http = client(app)
  await http.register()
  const send = (method: 'DELETE' | 'POST', url: string, { access }: Pair) =>
    http.send({ method, url, headers: bearer(access) })
  return {
    app,
    clock,
    ...http,
    list: async ({ access }: Pair) => (await http.get('/api/sessions/', access)).json().sessions,
    end: (id: string, by: Pair) => send('DELETE', `/api/sessions/${id}`, by),
    endOthers: (by: Pair) => send('DELETE', '/api/sessions/', by),
    logoutAll: (by: Pair) => send('POST', '/api/logout-all/', by),
    /** Whether both tokens are good; they are always either both good or both refused. */
    async alive(t: Test, { access, refresh }: Pair) {
      const seen = await http.protected(access)
      const checked = await http.post('/api/verify/', { token: refresh })
      t.equal(seen.statusCode, checked.statusCode, 'both tokens fare alike')
      return seen.statusCode === 200
    }
  }
}

/** The header that carries an access token. */
export const bearer = (access: string) => ({ authorization: `Bearer ${access}` })

/** The session that a pair belongs to. */
export const sid = ({ access }: Pair) => `${read(access).claims.sid}`

let statements = 0

/** All rows of a table. */
export const rows = (app: FastifyInstance, table: 'sessions' | 'revokedJti' | 'auditEvents') => {
  const all = app.database.prepare(`test_rows_${statements++}`, q => q.select().from(app.database.tables[table]))
  return app.database.read(all()) as Promise<Record<string, unknown>[]>
}

/** What is on record about sessions that were ended. */
export const endings = async (app: FastifyInstance) =>
  (await rows(app, 'auditEvents')).filter(({ event }) => event === 'session_expired')
