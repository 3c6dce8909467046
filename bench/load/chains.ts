import type { Plan } from '../bench.ts'
import { load } from './load.ts'
import type { Chain } from './task.ts'

/** Measures chains again and again, each time with the tokens that the last time ended with. */
export function chains(plan: Plan, { port, path, tokens }: Chain & { port: number }): () => Promise<number> {
  let newest = tokens
  return async () => {
    const outcome = await load({ ...plan, port, chain: { path, tokens: newest } })
    newest = outcome.tokens
    return outcome.rate
  }
}
