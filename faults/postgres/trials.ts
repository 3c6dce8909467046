import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'
import { type Deployment, deploy } from './deployment.ts'

/** What is done to a deployment while it is under load; says how many faults that were. It is over when this resolves. */
export type Harm = (deployment: Deployment, trial: number) => Promise<number>

const ACTORS = 3
const BEFORE_MS = 800
const AFTER_MS = 700
const RECOVERY_MS = 3_000

/**
 * Harms a deployment under load again and again. Each instance has a load of its own, and the other one is asked about
 * what it has acknowledged.
 */
export async function carryOut({ trials, folder, random, slack, say }: Context, harm: Harm): Promise<Outcome> {
  const outcome = emptyOutcome()
  const deployment = await deploy(folder)
  try {
    const mailbox = openMailbox(folder)
    const { services, oauth } = deployment
    const ledgers = services.map((_, n) => openLedger(join(folder, `ledger-${n}.jsonl`)))
    const recoveries: number[] = []
    for (let trial = 0; trial < trials; trial++) {
      const violate = (text: string) => outcome.violations.push(`trial ${trial}: ${text}`)
      const since = ledgers.map(ledger => ledger.position())
      const loads = ledgers.map((ledger, n) =>
        startLoad({ url: services[n]?.url ?? '', ledger, actors: ACTORS, oauth, mailbox, seed: random() * 1e6 })
      )
      await sleep(BEFORE_MS + random() * 200)
      outcome.faults += await harm(deployment, trial)
      const recovery = await deployment.recovered()
      recoveries.push(recovery)
      if (recovery > RECOVERY_MS * slack) violate(`ready after ${Math.round(recovery)} ms`)
      await sleep(AFTER_MS)
      for (const load of loads) {
        await load.stop()
        outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      }
      for (const [n, ledger] of ledgers.entries()) {
        const { url } = services[1 - n] ?? services[0]
        addVerdict(outcome, await audit(url, ledger, { since: since[n], sample: 4, seed: trial }))
      }
      for (const leak of await deployment.leaks()) violate(leak)
      outcome.trials += 1
    }
    await deployment.command('audit', 'verify').catch(error => outcome.violations.push(`audit trail: ${error.message}`))
    outcome.acknowledged = ledgers.reduce((sum, ledger) => sum + ledger.acknowledged(), 0)
    outcome.figures = { 'ready again within': `${Math.round(Math.max(...recoveries))} ms` }
    say(`${outcome.acknowledged} acknowledged, ${outcome.faults} faults`)
    for (const ledger of ledgers) ledger.close()
  } finally {
    await deployment.stop()
  }
  return outcome
}
