/**
 * Counts requests from many addresses under a limit, as the service does for each request, and says how much the resident
 * memory of this process grew: `node bench/load/addresses.ts 10000000`.
 */
import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import { clientNetwork } from '../../src/core/client-address.ts'
import { memoryStore } from '../../src/limits/memory-store.ts'
import { limitsWith } from '../../src/limits/named.ts'

const MIB = 1024 * 1024
/** After so many requests the event loop turns, as it does between those that come over the network. */
const AT_ONCE = 10_000
/** What is compiled, and what the heap takes for a start, is no growth. */
const WARM_UP = 100_000

const Store = memoryStore(Date.now)
const { max, timeWindow } = limitsWith([]).login

// Every number gives another address: odd ones an IPv4 address, even ones an IPv6 address in another /64.
const groups = (number: number) => `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`
const address = (number: number): string =>
  number % 2 === 1
    ? [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.')
    : `2001:db8:${groups(number)}::${(number % 65_521).toString(16)}`

let counted = 0

async function count(store: FastifyRateLimitStore, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    store.incr(
      clientNetwork(address(number)),
      (_error, result) => {
        counted += result?.current ?? 0
      },
      timeWindow,
      max
    )
    if (number % AT_ONCE === 0) await new Promise(setImmediate)
  }
}

const addresses = Number(process.argv[2])
await count(new Store({}), 0xffffffff - WARM_UP, 0xffffffff)
counted = 0
const store = new Store({})
const before = process.memoryUsage.rss()
let peak = before
for (let from = 0; from < addresses; from += WARM_UP) {
  await count(store, from, Math.min(addresses, from + WARM_UP))
  peak = Math.max(peak, process.memoryUsage.rss())
}
const grown = (bytes: number) => (bytes - before) / MIB
process.stdout.write(
  `${JSON.stringify({ addresses, counted, growth: grown(process.memoryUsage.rss()), peak: grown(peak) })}\n`
)
