import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const THREADS = '/proc/self/task'
const NICE = 10

/**
 * Lets the threads that hash passwords step back for the one that answers requests; returns how many there are. Only
 * Linux can do that for single threads; elsewhere nothing happens. Not for an embedded service: they are the host's too.
 */
export function yieldToRequests(): number {
  try {
    const workers = readdirSync(THREADS).filter(id =>
      /^libuv-worker/.test(readFileSync(`${THREADS}/${id}/comm`, 'utf8'))
    )
    for (const id of workers) setPriority(Number(id), NICE)
    return workers.length
  } catch {
    // No /proc, or not allowed: logins then cost other requests some milliseconds more.
    return 0
  }
}
