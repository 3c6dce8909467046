import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import { createCounters } from './counters.ts'
import type { Limit } from './named.ts'
import type { SharedCounts } from './shared-counts.ts'

type Give = Parameters<FastifyRateLimitStore['incr']>[1]
type Room = Partial<Limit> & { cache?: number }

interface Parts {
  shared: SharedCounts
  now: () => number
  /** The same on all instances; what stands in Redis tells nothing about who was counted. */
  pseudonym: (name: string) => string
}

/**
 * One limit, counted here and in Redis at once. Here is what this instance knows of all: it goes on from there when Redis
 * is gone, tells a Redis that has forgotten, and refuses by itself what is beyond the limit anyway.
 */
function createStore(parts: Parts, { name, cache }: Room) {
  const { shared, now, pseudonym } = parts
  const local = createCounters(now, cache)

  async function ask(key: string, length: number, step: 0 | 1, max: number) {
    const sentAt = now()
    const known = local.read(key, length)
    if (known.current >= max) return { ...known, current: known.current + step }
    const asked = { key: `postern:${name}:${pseudonym(`limit ${name} ${length} ${key}`)}`, step, length, known }
    // Counted from when it was sent, so that no window ends later here than in Redis.
    const found = await shared.count(asked, ({ current, ttl }) => local.learn(key, length, current, sentAt + ttl))
    return found ?? (step === 1 ? local.count(key, length) : known)
  }

  return {
    incr: (key: string, give: Give, length: number, max: number): void =>
      void ask(key, length, 1, max).then(count => give(null, count)),
    read: (key: string, give: Give, length: number, max: number): void =>
      void ask(key, length, 0, max).then(count => give(null, count)),
    child: (options: object): FastifyRateLimitStore => createStore(parts, options)
  }
}

/** What @fastify/rate-limit makes its store with where Redis counts; `name` of a limit says which one it is. */
export const sharedStore = (parts: Parts): FastifyRateLimitStoreCtor =>
  // It is called with `new`, which gives what a function returns.
  function Store(options: Room) {
    return createStore(parts, options)
  } as unknown as FastifyRateLimitStoreCtor
