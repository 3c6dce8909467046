import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../../bench/statistics.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, runCommand, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const READY_MS = 2_000
const PATIENCE_MS = 10_000
const SWEEP_MS = 1_000
const ACTORS = 8
const SAMPLE = 8

/** Kills the service under load, each time at another moment, and asks its successor about everything. */
export const sigkill: Experiment = {
  name: 'sigkill',
  title: 'SIGKILL under load',
  holds:
    'nothing acknowledged is lost, nothing comes back, the file is whole, ready in 2 s, a retried refresh converges',
  trials: 200,
  quick: 1,
  async run({ trials, folder, random, slack, say }) {
    const outcome = emptyOutcome()
    const path = join(folder, 'postern.db')
    const ledger = openLedger(join(folder, 'ledger.jsonl'))
    const mailbox = openMailbox(folder)
    const starts: number[] = []
    let service = await startService({ folder })
    await service.ready(PATIENCE_MS)
    const oauth = await addOAuthClient(folder)

    for (let trial = 0; trial < trials; trial++) {
      const since = ledger.position()
      const load = startLoad({ ...service, ledger, actors: ACTORS, oauth, mailbox, seed: random() * 1e6 })
      // Swept: no two trials end after the same time.
      await sleep(((trial + random()) / trials) * SWEEP_MS + 50)
      service.signal('SIGKILL')
      await service.exited
      outcome.violations.push(...(await faultsIn(path)))
      service = await startService({ folder, port: service.port })
      const took = await service.ready(PATIENCE_MS)
      starts.push(took)
      if (took > READY_MS * slack) outcome.violations.push(`trial ${trial}: ready after ${Math.round(took)} ms`)
      await sleep(100)
      await load.stop()
      addVerdict(outcome, await audit(service.url, ledger, { since, sample: SAMPLE, seed: trial }))
      outcome.trials += 1
      outcome.faults += 1
      outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      if (trial % 10 === 9) say(`${trial + 1} of ${trials}, ${ledger.acknowledged()} acknowledged`)
    }

    addVerdict(outcome, await audit(service.url, ledger))
    outcome.acknowledged = ledger.acknowledged()
    await runCommand(folder, 'audit', 'verify').catch(error => outcome.violations.push(`audit trail: ${error.message}`))
    await service.stop()
    ledger.close()
    outcome.figures = { 'ready p50': ms(percentile(starts, 0.5)), 'ready max': ms(Math.max(...starts)) }
    return outcome
  }
}

const ms = (value: number): string => `${Math.round(value)} ms`
