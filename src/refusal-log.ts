import type { FastifyBaseLogger } from 'fastify'

/** Logs a connection that was refused: from where, and why, in a word. Never what it sent. */
export type RefusalLog = (ip: string | undefined, reason: string) => void

const LINES = 10
const WINDOW_MS = 60_000

/** Ten lines a minute; the next one says how many went unlogged, so that nobody fills a disk with refusals. */
export function createRefusalLog(log: FastifyBaseLogger, now: () => number): RefusalLog {
  let windowEnds = 0
  let lines = 0
  let unlogged = 0

  return (ip, reason) => {
    if (now() >= windowEnds) {
      windowEnds = now() + WINDOW_MS
      lines = 0
    }
    if (lines >= LINES) {
      unlogged += 1
      return
    }
    lines += 1
    log.warn({ ip, reason, ...(unlogged > 0 && { unlogged }) }, 'connection refused')
    unlogged = 0
  }
}
