import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fill } from '../../bench/fill.ts'
import { settingsOf } from '../../bench/settings.ts'
import { residentMegabytes } from '../../bench/usage.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn, inspect } from '../harness/inspect.ts'
import { INSPECTED, type Inspector, inspectService } from '../harness/inspector.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { fit } from '../harness/regression.ts'
import { addOAuthClient, type Service, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { forEachOf } from '../harness/workers.ts'

const MINUTE = 60_000
const READY_MS = 10_000
const SAMPLE_MS = 2_000
/** Between the last answer and a sample at rest: buffers of hashes are given back, and commits are copied into the file. */
const REST_MS = 1_000
const WARM_UP = 1 / 3
const MOST_MB_AN_HOUR = 1
const MORE_DESCRIPTORS = 4
/** Rows are purged every minute, in batches; after the second time none is left that had expired before the first. */
const PURGED_MS = 2.5 * MINUTE

/** More than SQLite keeps in memory, and more than are kept of users and tokens: afterwards no cache grows any more. */
const USERS = 100_000
const SEEN = 20_000
/** As `npm start` runs it. */
const ARGS = ['--max-semi-space-size=4', INSPECTED]
/** The same, with lives so short that rows expire while it is watched. */
const SHORT = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  AUTH_ACCESS_TTL: '1m',
  AUTH_REFRESH_TTL: '1m',
  AUTH_SESSION_TTL: '5m',
  AUTH_REFRESH_GRACE: '5s'
}
const EXPIRING = { sessions: 'idle_expires_at', revoked_jti: 'expires_at', one_time_tokens: 'expires_at' }

/** What the service takes while nobody asks it anything, without garbage. */
interface Sample {
  hours: number
  megabytes: number
  heap: number
  descriptors: number
}

/** Watches what a service takes, for minutes, under a mixed load that rests for a second each minute. */
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
    const inhabitants = await fill(folder, USERS, SEEN)
    const service = await startService({ folder, args: ARGS, env: { ...settingsOf(folder), ...SHORT } })
    await service.ready(READY_MS)
    // Before: what another process writes empties SQLite's cache.
    const oauth = await addOAuthClient(folder)
    await fillCaches(service, inhabitants)
    const inspector = await inspectService(service)
    const plan = { ...service, ledger, actors: 8, oauth, mailbox: openMailbox(folder) }
    const samples: Sample[] = []
    let most = 0
    const began = performance.now()
    for (let minute = 1; minute <= minutes; minute++) {
      const load = startLoad({ ...plan, seed: random() * 1e6, pauseMs: 40 })
      while (performance.now() < began + minute * MINUTE - REST_MS) {
        await sleep(SAMPLE_MS)
        most = Math.max(most, await residentMegabytes(service.pid))
      }
      await load.stop()
      outcome.acknowledged += load.acknowledged()
      outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      const sample = await atRest(service, inspector, began)
      samples.push(sample)
      const { megabytes, heap, descriptors } = sample
      say(`at rest ${megabytes.toFixed(1)} MB, of it heap ${heap.toFixed(1)}, ${descriptors} descriptors`)
    }
    inspector.close()
    await service.stop()
    addVerdict(outcome, ledger.takeBreaches())

    const path = join(folder, 'postern.db')
    outcome.violations.push(...(await faultsIn(path)), ...(await leftovers(path)))
    const settled = samples.slice(Math.floor(samples.length * WARM_UP))
    const { slope, error } = fit(settled.map(({ hours, megabytes }) => ({ x: hours, y: megabytes })))
    // What a run of this length cannot tell apart from level is no growth: the figure says how sure it is.
    if (slope - 2 * error > MOST_MB_AN_HOUR)
      outcome.violations.push(`memory grows by ${slope.toFixed(1)} ± ${error.toFixed(1)} MB an hour`)
    const descriptors = settled.map(sample => sample.descriptors)
    if (Math.max(...descriptors) - Math.min(...descriptors) > MORE_DESCRIPTORS)
      outcome.violations.push(`from ${Math.min(...descriptors)} to ${Math.max(...descriptors)} descriptors`)
    return {
      ...outcome,
      trials: 1,
      figures: {
        minutes,
        'MB an hour': `${slope.toFixed(1)} ± ${error.toFixed(1)} (standard error)`,
        'MB at rest': Math.round(settled.at(-1)?.megabytes ?? 0),
        'MB under load, at most': Math.round(most),
        descriptors: `${Math.min(...descriptors)} to ${Math.max(...descriptors)}`
      }
    }
  }
}

/** Has everything in memory that is remembered, up to its limit. */
async function fillCaches({ url }: Service, tokens: string[]): Promise<void> {
  const client = createClient(url)
  await forEachOf(tokens.length, async n => {
    const { body } = await client.refresh(tokens[n] ?? '')
    const { status } = await client.protected(String(body.access))
    if (status !== 200) throw new Error(`a check was answered with ${status}`)
  })
}

async function atRest({ pid }: Service, inspector: Inspector, began: number): Promise<Sample> {
  await sleep(REST_MS)
  await inspector.collectGarbage()
  return {
    hours: (performance.now() - began) / (60 * MINUTE),
    megabytes: await residentMegabytes(pid),
    heap: await inspector.heapMegabytes(),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length
  }
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
