import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../../bench/statistics.ts'
import type { Client } from '../harness/client.ts'

export interface Watch {
  /** Ends it; gives what did not hold, and the 99th percentile of checks in milliseconds. */
  stop(): Promise<{ failed: string[]; checks: number; p99: number }>
}

const PAUSE_MS = 10

/** Checks an access token again and again, which must never fail nor wait. */
export function watchChecks(client: Client, access: string): Watch {
  const took: number[] = []
  const failed: string[] = []
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      const { status, ms } = await client.protected(access)
      took.push(ms)
      if (status !== 200) failed.push(`a check was answered with ${status}`)
      await sleep(PAUSE_MS)
    }
  })()
  return {
    async stop() {
      stopped = true
      await running
      return { failed, checks: took.length, p99: percentile(took, 0.99) }
    }
  }
}

/** The 99th percentile of the event loop's delay in milliseconds since this was last asked, as the service measures it. */
export async function loopDelay(client: Client): Promise<number> {
  const { body } = await client.send('/metrics')
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(String(body.text))?.[1]
  if (seconds === undefined) throw new Error('/metrics does not tell the delay of the event loop')
  return Number(seconds) * 1000
}
