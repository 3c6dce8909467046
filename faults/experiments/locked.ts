import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOG_LIMIT, logBytes } from '../../src/db/log-size.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'
import { type Hold, hold } from '../locked/locker.ts'
import { keepRegistering } from '../locked/registrations.ts'
import { loopDelay, watchChecks } from '../locked/watch.ts'

const PLAN: Array<[kind: Hold, seconds: number]> = [
  ['write', 1],
  ['write', 5],
  ['read', 30],
  ['write', 30]
]
const START_MS = 15_000
const LOOP_MS = 50
const MORE = 1.5
const PATIENCE_MS = 2_000
const ACTORS = 4

/** Another process holds the database, for itself alone or at an old state of it. */
export const locked: Experiment = {
  name: 'locked',
  title: 'Database locked by another process for 1, 5 and 30 s; a reader of 30 s under load',
  holds: 'event loop p99 under 50 ms, 503 after 2 s, checks go on, no duplicate afterwards, WAL bounded',
  trials: 10,
  quick: 0,
  async run({ trials, folder, random, say }) {
    const outcome = emptyOutcome()
    const path = join(folder, 'postern.db')
    const ledger = openLedger(join(folder, 'ledger.jsonl'))
    const service = await startService({ folder, env: { AUTH_METRICS: 'on' } })
    await service.ready(START_MS)
    const client = createClient(service.url)
    const oauth = await addOAuthClient(folder)
    await client.register('watcher', 'watcher@example.com', 'correct horse')
    const { body: watcher } = await client.login('watcher', 'correct horse')
    let [refused, largest, slowest] = [0, 0, 0]

    for (let trial = 0; trial < trials; trial++) {
      const [kind, seconds] = PLAN[trial % PLAN.length] as [Hold, number]
      const violate = (text: string) => outcome.violations.push(`trial ${trial}, ${kind} for ${seconds} s: ${text}`)
      const since = ledger.position()
      const load = startLoad({
        ...service,
        ledger,
        actors: ACTORS,
        oauth,
        mailbox: openMailbox(folder),
        pauseMs: 20,
        seed: random() * 1e6
      })
      await loopDelay(client)
      await sleep(1_500 + random() * 500)
      const usual = await loopDelay(client)
      const watch = watchChecks(client, String(watcher.access))
      const { ended } = await hold(path, kind, seconds * 1000)
      let over = false
      const names = [0, 1, 2, 3].map(number => `locked-${trial}-${number}`)
      const registering = keepRegistering(client, names, () => over)
      await ended
      const [delay, checked, size] = [await loopDelay(client), await watch.stop(), logBytes(path)]
      // What was sent before the end is refused up to two seconds after it was sent, and not after the end.
      setTimeout(() => {
        over = true
      }, 500).unref()
      const registered = await registering
      await load.stop()
      // A machine on which the load alone makes it late says nothing about the lock.
      if (delay > Math.max(LOOP_MS, MORE * usual))
        violate(`event loop late: ${Math.round(delay)} ms, ${Math.round(usual)} before`)
      for (const problem of new Set([...checked.failed, ...registered.violations])) violate(problem)
      if (kind === 'write' && seconds * 1000 > PATIENCE_MS && registered.refused === 0) violate('nobody was refused')
      if (kind === 'read' && registered.refused > 0) violate('somebody was refused because of a reader')
      addVerdict(outcome, await audit(service.url, ledger, { since, seed: trial }))
      if (logBytes(path) > LOG_LIMIT) violate(`the log has ${logBytes(path)} bytes`)
      refused += registered.refused
      largest = Math.max(largest, size)
      slowest = Math.max(slowest, delay)
      outcome.trials += 1
      outcome.faults += 1
      outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      say(
        `${kind} ${seconds} s: event loop p99 ${delay.toFixed(1)} ms (${usual.toFixed(1)} before), ${checked.checks} checks with p99 ${checked.p99.toFixed(1)} ms, ${registered.refused} refused, log ${size} bytes`
      )
    }

    await service.stop()
    outcome.violations.push(...(await faultsIn(path)))
    outcome.acknowledged = ledger.acknowledged()
    outcome.figures = {
      'refused with 503': refused,
      'largest log, bytes': largest,
      'event loop p99, ms': Math.round(slowest)
    }
    return outcome
  }
}
