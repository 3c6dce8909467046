import type { Plan } from '../bench.ts'
import type { Measurement } from '../comparison.ts'
import type { Server } from '../processes.ts'
import { measure } from './load.ts'
import type { Chain } from './task.ts'

/** Measures chains again and again, each time with the tokens that the last time ended with. */
export function chains(plan: Plan, server: Server, { path, tokens }: Chain): () => Promise<Measurement> {
  let newest = tokens
  return async () => {
    const { rate, busy, tokens } = await measure(server, { ...plan, chain: { path, tokens: newest } })
    newest = tokens
    return { rate, busy }
  }
}
