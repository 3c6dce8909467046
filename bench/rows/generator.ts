import { compare, type Measurement } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { chains } from '../load/chains.ts'
import { measure } from '../load/load.ts'
import { bearer, request } from '../load/task.ts'
import type { Server } from '../processes.ts'
import { pair } from '../servers/answers.ts'

/** What the generators do where the server does nothing: a limit that they set themselves would flatter the ratios. */
export const generator: Row = async ({ plan: whole, bare, canned }) => {
  const plan = { ...whole, seconds: whole.seconds / 2 }
  const [limit, socket] = [await bare(), await canned()]
  const tokens = Array.from({ length: plan.connections }, () => pair.refresh)

  const gets = (server: Server) => () =>
    measure(server, { ...plan, awake: true, requests: [request('GET', '/bare', server.port, bearer(pair.access))] })
  const posts = (server: Server) => chains(plan, server, { path: '/bare', tokens })
  const against = (load: (server: Server) => () => Promise<Measurement>) =>
    compare(plan, { name: 'socket server', measure: load(socket) }, { name: 'bare Fastify', measure: load(limit) })
  return [
    ratio('The generator of GETs alone', 'bare GET', await against(gets)),
    ratio('The generator of chains alone', 'bare POST', await against(posts))
  ]
}
