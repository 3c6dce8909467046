import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does some work for all who ask before it begins, and begins at most once in `every` milliseconds: however many ask,
 * each waits that long at most, and what happened before it asked is in what it gets.
 */
export function gather(every: number, work: () => Promise<void>): () => Promise<void> {
  let waiting: Promise<void> | undefined
  let begunAt = Number.NEGATIVE_INFINITY

  async function begin(): Promise<void> {
    const rest = begunAt + every - performance.now()
    await (rest > 0 && sleep(rest))
    waiting = undefined
    begunAt = performance.now()
    await work()
  }

  return () => {
    waiting ??= begin()
    return waiting
  }
}
