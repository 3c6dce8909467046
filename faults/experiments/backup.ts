import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accepted, issuedIn, letIn } from '../backup/issued.ts'
import { ledgerAt } from '../backup/ledger-at.ts'
import { createClient, isDone } from '../harness/client.ts'
import { type Context, type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { type Ledger, openLedger } from '../harness/ledger.ts'
import { type Load, startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, runCommand, type Service, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const READY_MS = 10_000
const PATIENCE_MS = 60_000
/** The moments of the trials are spread over so many acknowledged requests, after the first few. */
const FIRST = 40
const SWEEP = 240
/** So many follow the backup: logouts, new passwords, revoked tokens. */
const AFTER = 80
const LOGINS = 12

/** `postern backup` under load, a restore, and `postern session revoke-everyone`. */
export const backup: Experiment = {
  name: 'backup',
  title: 'backup while loaded, killed later, restored',
  holds: 'all that was acknowledged before the backup is in it; after the cut-off nothing issued before works',
  trials: 20,
  quick: 1,
  async run(context) {
    const outcome = emptyOutcome()
    let cameBack = 0
    let refused = 0
    for (let trial = 0; trial < context.trials; trial++) {
      const folder = join(context.folder, String(trial))
      const taken = await takeUnderLoad(context, folder, trial, outcome)
      cameBack += await auditRestored(taken, outcome)
      refused += await auditCutOff(taken, outcome)
      outcome.trials += 1
      context.say(
        `trial ${trial + 1}: ${outcome.acknowledged} acknowledged, ${cameBack} tokens came back before the cut-off`
      )
      await rm(folder, { recursive: true })
    }
    return {
      ...outcome,
      figures: { 'good again after a restore': cameBack, 'tried and refused after the cut-off': refused }
    }
  }
}

interface Taken {
  folder: string
  file: string
  /** What was known when the backup began, and all that was known in the end. */
  ledgerFile: string
  asOf: number
  /** What had been refused or used up when the service was killed. */
  ended: { access: string[]; refresh: string[]; links: string[] }
}

const started = async (folder: string): Promise<Service> => {
  const service = await startService({ folder })
  await service.ready(READY_MS)
  return service
}

/** Loads a service, makes the backup at a moment of its own, goes on for a while, and kills the service. */
async function takeUnderLoad(context: Context, folder: string, trial: number, outcome: Outcome): Promise<Taken> {
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  const file = join(folder, 'backup.db')
  const ledgerFile = join(folder, 'ledger')
  const service = await started(data)
  const ledger = openLedger(ledgerFile)
  const oauth = await addOAuthClient(data)
  const seed = Math.floor(context.random() * 2 ** 31)
  const load = startLoad({ url: service.url, ledger, actors: 4, oauth, mailbox: openMailbox(data), seed })
  await until(load, FIRST + (SWEEP * trial) / context.trials)
  const { as_of } = JSON.parse(await runCommand(data, 'backup', file, '--json'))
  await until(load, load.acknowledged() + AFTER)
  outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
  const stopped = load.stop()
  service.signal('SIGKILL')
  await Promise.all([stopped, service.exited])
  outcome.faults += 1
  outcome.acknowledged += load.acknowledged()
  addVerdict(outcome, ledger.takeBreaches())
  ledger.close()
  return { folder, file, ledgerFile, asOf: Date.parse(as_of), ended: endedIn(ledger) }
}

async function until(load: Load, acknowledged: number): Promise<void> {
  const over = performance.now() + PATIENCE_MS
  while (load.acknowledged() < acknowledged) {
    if (performance.now() > over) throw new Error(`only ${load.acknowledged()} requests were acknowledged`)
    await sleep(5)
  }
}

function endedIn({ users }: Ledger): Taken['ended'] {
  const sessions = [...users.values()].flatMap(user => user.sessions)
  const over = sessions.filter(({ ended }) => ended)
  return {
    access: [...over.flatMap(({ accesses }) => accesses), ...sessions.flatMap(({ revoked }) => revoked)],
    refresh: over.map(({ refresh }) => refresh),
    links: [...users.values()].flatMap(({ links }) => links)
  }
}

/** What docs/backup.md says: the backup in the place of the database, and the secret beside it. */
async function restore({ folder, file }: Taken, name: string): Promise<string> {
  const data = join(folder, name)
  await mkdir(data, { mode: 0o700 })
  await copyFile(file, join(data, 'postern.db'))
  await copyFile(join(folder, 'data/secret'), join(data, 'secret'))
  return data
}

/** Gives how much of what had ended after the backup works again: that is what a restore means. */
async function auditRestored(taken: Taken, outcome: Outcome): Promise<number> {
  const service = await started(await restore(taken, 'restored'))
  const cameBack = await accepted(service.url, taken.ended)
  const { ledger } = ledgerAt(taken.ledgerFile, taken.asOf, taken.file, join(taken.folder, 'ledger-at-backup'))
  addVerdict(outcome, await audit(service.url, ledger))
  ledger.close()
  await service.stop()
  return cameBack.length
}

/** Gives how many tokens and links were tried. */
async function auditCutOff(taken: Taken, outcome: Outcome): Promise<number> {
  const data = await restore(taken, 'cut-off')
  await runCommand(data, 'session', 'revoke-everyone')
  const service = await started(data)
  const issued = issuedIn(taken.ledgerFile)
  outcome.resurrected.push(...(await letIn(service.url, issued)))
  const known = ledgerAt(taken.ledgerFile, taken.asOf, taken.file, join(taken.folder, 'ledger-at-cut-off'))
  outcome.lost.push(...(await lockedOut(service.url, known.ledger)))
  known.ledger.close()
  await service.stop()
  return Object.values(issued).flat().length
}

/** Everybody who had an account when the backup was made can log in, and goes on as ever. */
async function lockedOut(url: string, { users }: Ledger): Promise<string[]> {
  const client = createClient(url)
  const settled = [...users.values()].filter(({ registered, pending }) => registered && !pending)
  const problems: string[] = []
  for (const { name, password } of settled.slice(0, LOGINS)) {
    const login = await client.login(name, password)
    const { access = '', refresh = '' } = login.body as Record<string, string>
    if (!isDone(login) || !isDone(await client.protected(access)) || !isDone(await client.refresh(refresh)))
      problems.push(`${name} cannot go on after the cut-off: ${login.status}`)
  }
  return problems
}
