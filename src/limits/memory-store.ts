import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import { createCounters } from './counters.ts'

type Give = Parameters<FastifyRateLimitStore['incr']>[1]

interface Room {
  /** How many windows at most; a power of two. */
  cache?: number
}

function createStore(now: () => number, { cache }: Room) {
  const counters = createCounters(now, cache)
  return {
    incr: (key: string, give: Give, length: number): void => give(null, counters.count(key, length)),
    read: (key: string, give: Give, length: number): void => give(null, counters.read(key, length)),
    child: (options: object): FastifyRateLimitStore => createStore(now, options)
  }
}

/** What @fastify/rate-limit makes its store with; `cache` of a limit says how many windows it has room for. */
export const memoryStore = (now: () => number): FastifyRateLimitStoreCtor =>
  // It is called with `new`, which gives what a function returns.
  function Store(options: Room) {
    return createStore(now, options)
  } as unknown as FastifyRateLimitStoreCtor
