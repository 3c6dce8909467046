import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { chains } from '../load/chains.ts'
import { load } from '../load/load.ts'
import { request } from '../load/task.ts'

/** What the generators do where the server does nothing: a limit that they set themselves would flatter the ratios. */
export const generator: Row = async ({ plan, bare, canned }) => {
  const ports = { bare: (await bare()).port, canned: (await canned()).port }
  const authorization = `Bearer ${'x'.repeat(735)}`
  const tokens = Array.from({ length: plan.connections }, () => 'x'.repeat(392))

  const gets = (port: number) => async () =>
    (await load({ ...plan, port, requests: [request('GET', '/bare', port, { authorization })] })).rate
  const posts = (port: number) => chains(plan, { port, path: '/bare', tokens })
  const against = (measure: (port: number) => () => Promise<number>) =>
    compare(
      plan,
      { name: 'socket server', measure: measure(ports.canned) },
      { name: 'bare Fastify', measure: measure(ports.bare) }
    )
  return [
    ratio('The generator of GETs, against a socket server', 'bare GET', await against(gets)),
    ratio('The generator of chains, against a socket server', 'bare POST', await against(posts))
  ]
}
