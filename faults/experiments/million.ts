import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fullPlan } from '../../bench/bench.ts'
import { compare, type Measurement } from '../../bench/comparison.ts'
import { fill } from '../../bench/fill.ts'
import { chains } from '../../bench/load/chains.ts'
import { measure } from '../../bench/load/load.ts'
import { bearer, request } from '../../bench/load/task.ts'
import { settingsOf } from '../../bench/settings.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { type Service, startService } from '../harness/service.ts'
import { forEachOf } from '../harness/workers.ts'

const ROWS = 1_000_000
const IN_USE = 2_000
const KILLS = 5
const READY_MS = 2_000
const PATIENCE_MS = 30_000
const LEAST = 0.8
const plan = { ...fullPlan, connections: 50 }

/** A file with a million users and sessions: how fast it is back, and how fast it is against one without them. */
export const million: Experiment = {
  name: 'million',
  title: 'A million users and sessions',
  holds: 'ready in 2 s after SIGKILL, refresh and check rates at least 0.8 of those of an empty file',
  trials: 1,
  quick: 0,
  async run({ folder, slack, say }) {
    const outcome = emptyOutcome()
    say('filling the file')
    const full = await inhabited(join(folder, 'full'), ROWS)
    const empty = await inhabited(join(folder, 'empty'), IN_USE)

    const starts: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      // Changes, so that the log is not empty when it is killed.
      await refreshAll(full, outcome)
      full.service.signal('SIGKILL')
      await full.service.exited
      full.service = await start(full.folder)
      starts.push(await full.service.ready(PATIENCE_MS))
      outcome.faults += 1
    }
    await refreshAll(full, outcome)
    await refreshAll(empty, outcome)
    const slowest = Math.round(Math.max(...starts))
    if (slowest > READY_MS * slack) outcome.violations.push(`ready after ${slowest} ms`)

    const refresh = await against(full, empty, ({ service, refreshes }) =>
      chains(plan, serverOf(service), { path: '/api/refresh/', tokens: refreshes })
    )
    const check = await against(full, empty, ({ service, accesses }) => {
      const requests = accesses.map(access => request('GET', '/api/protected/', service.port, bearer(access)))
      return () => measure(serverOf(service), { ...plan, requests })
    })
    for (const [name, { ratio }] of Object.entries({ refresh, check }))
      if (ratio < LEAST) outcome.violations.push(`${name} at ${ratio.toFixed(2)} of the rate of an empty file`)
    await Promise.all([full.service.stop(), empty.service.stop()])
    return {
      ...outcome,
      trials: 1,
      figures: {
        'ready max': `${slowest} ms`,
        refresh: `${Math.round(refresh.measured.rate)}/s, ratio ${refresh.ratio.toFixed(2)}`,
        check: `${Math.round(check.measured.rate)}/s, ratio ${check.ratio.toFixed(2)}`
      }
    }
  }
}

/** A service, and the newest tokens of the sessions in use. */
interface Inhabited {
  folder: string
  service: Service
  refreshes: string[]
  accesses: string[]
}

async function inhabited(folder: string, rows: number): Promise<Inhabited> {
  await mkdir(folder)
  const refreshes = await fill(folder, rows, IN_USE)
  const service = await start(folder)
  await service.ready(PATIENCE_MS)
  return { folder, service, refreshes, accesses: [] }
}

const start = (folder: string) => startService({ folder, env: { ...settingsOf(folder), AUTH_REFRESH_GRACE: '10s' } })

/** The service as the load tools know a server. */
const serverOf = (service: Service) => ({ ...service, startedIn: 0 })

/** Refreshes every session once; one that is refused is lost. */
async function refreshAll(at: Inhabited, outcome: Outcome): Promise<void> {
  const client = createClient(at.service.url)
  await forEachOf(at.refreshes.length, async n => {
    const { status, body } = await client.refresh(at.refreshes[n] ?? '')
    if (status !== 200) outcome.lost.push(`session ${n} answered ${status} to its refresh`)
    else [at.refreshes[n], at.accesses[n]] = [String(body.refresh), String(body.access)]
    outcome.acknowledged += status === 200 ? 1 : 0
  })
}

const against = (full: Inhabited, empty: Inhabited, load: (at: Inhabited) => () => Promise<Measurement>) =>
  compare(plan, { name: 'full', measure: load(full) }, { name: 'empty', measure: load(empty) })
