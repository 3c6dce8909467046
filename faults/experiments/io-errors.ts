import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fillLog } from '../disks/log.ts'
import { type Failing, inject, writtenInDoubt } from '../disks/strace.ts'
import { createClient, isDone } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, type Service, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const PATIENCE_MS = 20_000
const RECOVERY_MS = 5_000
const AFTER_MS = 300
const ACTORS = 8
const SAMPLE = 4

const WRITES = 'pwrite64,ftruncate'
const SYNCS = 'fsync,fdatasync'
const kinds: Array<Omit<Failing, 'when'>> = [
  { calls: WRITES, error: 'EIO' },
  { calls: SYNCS, error: 'EIO' },
  { calls: WRITES, error: 'ENOSPC' },
  { calls: SYNCS, error: 'ENOSPC' }
]

/** Trial n lets the n-th write or fsync fail from now, alone or with all that follow; the log is full in every other round. */
const plan = (trial: number): Failing & { fill: boolean } => {
  const round = Math.floor(trial / kinds.length)
  const kind = kinds[trial % kinds.length] as Omit<Failing, 'when'>
  return { ...kind, when: `${trial + 1}${round % 2 === 0 ? '' : '+'}`, fill: round % 4 > 1 }
}

/** Lets the disk fail under a running service, call by call, and then kills it: a clean end would put things right. */
export const ioErrors: Experiment = {
  name: 'io-errors',
  title: 'EIO and ENOSPC from the n-th write or fsync on, once and lasting',
  holds:
    'no false 2xx; after a failed fsync nothing is added to the log before its content is written anew; works again within 5 s of the end of the fault; the next start is clean',
  trials: 100,
  quick: 0,
  needs: ['root', 'strace'],
  async run({ trials, folder, random, say }) {
    const outcome = emptyOutcome()
    const path = join(folder, 'postern.db')
    const ledger = openLedger(join(folder, 'ledger.jsonl'))
    const mailbox = openMailbox(folder)
    let service = await startService({ folder })
    await service.ready(PATIENCE_MS)
    const oauth = await addOAuthClient(folder)
    let silent = 0

    for (let trial = 0; trial < trials; trial++) {
      const { fill, ...failing } = plan(trial)
      const complain = (text: string) =>
        outcome.violations.push(`${failing.calls} ${failing.error} ${failing.when}: ${text}`)
      const since = ledger.position()
      const load = startLoad({ ...service, ledger, actors: ACTORS, oauth, mailbox, seed: random() * 1e6 })
      const injection = await inject(service.pid, folder, failing)
      if (fill) fillLog(path)
      for (const limit = performance.now() + RECOVERY_MS; performance.now() < limit; await sleep(20))
        if ((await injection.count()) > 0) break
      await sleep(AFTER_MS)
      if (failing.when.endsWith('+')) await injection.stop()
      const took = await recovery(service, `io-${trial}`)
      if (took === undefined) complain(`no write succeeded within ${RECOVERY_MS} ms of the fault`)
      await injection.stop()
      const faults = await injection.count()
      if (faults === 0) silent += 1
      const doubted = writtenInDoubt(await injection.lines()).length
      if (doubted > 0) complain(`${doubted} writes to a log in doubt`)
      service.signal('SIGKILL')
      await service.exited
      await load.stop()
      outcome.violations.push(...(await faultsIn(path)))
      service = await startService({ folder, port: service.port })
      await service.ready(PATIENCE_MS).catch(error => complain(error.message))
      addVerdict(outcome, await audit(service.url, ledger, { since, sample: SAMPLE, seed: trial }))
      outcome.trials += 1
      outcome.faults += faults
      outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      if (trial % 10 === 9) say(`${trial + 1} of ${trials}, ${outcome.faults} calls failed`)
    }

    addVerdict(outcome, await audit(service.url, ledger))
    outcome.acknowledged = ledger.acknowledged()
    if (silent > trials / 10) outcome.violations.push(`in ${silent} of ${trials} trials no call failed`)
    await service.stop()
    ledger.close()
    return outcome
  }
}

/** Milliseconds until the service takes a write again. */
async function recovery({ url }: Service, name: string): Promise<number | undefined> {
  const client = createClient(url)
  const began = performance.now()
  for (let n = 0; performance.now() - began < RECOVERY_MS; n++) {
    const user = `${name}-${n}`
    if (isDone(await client.register(user, `${user}@example.com`, 'correct horse battery')))
      return performance.now() - began
    await sleep(50)
  }
  return undefined
}
