import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../bench/statistics.ts'
import { residentMegabytes } from '../../bench/usage.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn, inspect } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { fit } from '../harness/regression.ts'
import { addOAuthClient, type Service, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'

const MINUTE = 60_000
const READY_MS = 10_000
const SAMPLE_MS = 2_000
/** Samples whose median is one point: neighbours are alike, and would make the error look smaller than it is. */
const BLOCK = 15
const WARM_UP = 1 / 3
const MOST_MB_AN_HOUR = 1
const MORE_DESCRIPTORS = 4
/** Rows are purged every minute, in batches; after the second time none is left that had expired before the first. */
const PURGED_MS = 2.5 * MINUTE

/** As `npm start` runs it, with lives so short that rows expire while it is watched. */
const AS_STARTED = {
  args: ['--max-semi-space-size=4'],
  env: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '131072',
    AUTH_ACCESS_TTL: '1m',
    AUTH_REFRESH_TTL: '1m',
    AUTH_SESSION_TTL: '5m',
    AUTH_REFRESH_GRACE: '5s'
  }
}
const EXPIRING = { sessions: 'idle_expires_at', revoked_jti: 'expires_at', one_time_tokens: 'expires_at' }

interface Sample {
  hours: number
  megabytes: number
  descriptors: number
}

/** Watches what a service takes, for minutes, under a mixed load. */
export const soak: Experiment = {
  name: 'soak',
  title: 'Soak',
  holds:
    'resident memory grows by less than 1 MB an hour after the warm-up, descriptors do not, what has expired is purged',
  trials: 1,
  quick: 0,
  async run({ folder, minutes, random, say }) {
    const outcome = emptyOutcome()
    const ledger = openLedger()
    const service = await startService({ folder, ...AS_STARTED })
    await service.ready(READY_MS)
    const oauth = await addOAuthClient(folder)
    const load = startLoad({
      ...service,
      ledger,
      actors: 8,
      oauth,
      mailbox: openMailbox(folder),
      seed: random() * 1e6,
      pauseMs: 40
    })
    const samples = await watch(service, minutes, say)
    await load.stop()
    await service.stop()
    addVerdict(outcome, ledger.takeBreaches())

    const path = join(folder, 'postern.db')
    outcome.violations.push(...(await faultsIn(path)), ...(await leftovers(path)))
    const settled = samples.slice(Math.floor(samples.length * WARM_UP))
    const { slope, error } = fit(blocks(settled))
    // What a run of this length cannot tell apart from level is no growth: the figure says how sure it is.
    if (slope - 2 * error > MOST_MB_AN_HOUR)
      outcome.violations.push(`memory grows by ${slope.toFixed(1)} ± ${error.toFixed(1)} MB an hour`)
    const descriptors = settled.map(sample => sample.descriptors)
    if (Math.max(...descriptors) - Math.min(...descriptors) > MORE_DESCRIPTORS)
      outcome.violations.push(`from ${Math.min(...descriptors)} to ${Math.max(...descriptors)} descriptors`)
    return {
      ...outcome,
      trials: 1,
      acknowledged: load.acknowledged(),
      longestOutageMs: load.longestOutageMs(),
      figures: {
        minutes,
        'MB an hour': `${slope.toFixed(1)} ± ${error.toFixed(1)} (standard error)`,
        'MB at the end': Math.round(settled.at(-1)?.megabytes ?? 0),
        descriptors: `${Math.min(...descriptors)} to ${Math.max(...descriptors)}`
      }
    }
  }
}

async function watch({ pid }: Service, minutes: number, say: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = []
  const began = performance.now()
  for (let next = began; next < began + minutes * MINUTE; next += SAMPLE_MS) {
    await sleep(Math.max(0, next - performance.now()))
    const megabytes = await residentMegabytes(pid)
    const descriptors = (await readdir(`/proc/${pid}/fd`).catch(() => [])).length
    samples.push({ hours: (performance.now() - began) / (60 * MINUTE), megabytes, descriptors })
    if (samples.length % (2 * BLOCK) === 0) say(`${megabytes.toFixed(1)} MB, ${descriptors} descriptors`)
  }
  return samples
}

function blocks(samples: Sample[]): Array<{ x: number; y: number }> {
  const count = Math.floor(samples.length / BLOCK)
  return Array.from({ length: count }, (_, n) => {
    const block = samples.slice(n * BLOCK, (n + 1) * BLOCK)
    return { x: median(block.map(({ hours }) => hours)), y: median(block.map(({ megabytes }) => megabytes)) }
  })
}

/** Rows that had expired long enough ago to be gone. */
const leftovers = (path: string): Promise<string[]> =>
  inspect(path, sqlite =>
    Object.entries(EXPIRING).flatMap(([table, column]) => {
      const count = sqlite
        .prepare(`SELECT count(*) FROM ${table} WHERE ${column} < ?`)
        .pluck()
        .get(Date.now() - PURGED_MS)
      return count === 0 ? [] : [`${count} rows of ${table} have expired and are still there`]
    })
  )
