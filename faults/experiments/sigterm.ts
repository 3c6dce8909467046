import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createActions } from '../harness/actions.ts'
import { createCalls, createClient } from '../harness/client.ts'
import { type Context, type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { type Ledger, openLedger } from '../harness/ledger.ts'
import { type Service, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'
import { openWire, type Seen, type Wire } from '../harness/wire.ts'

const DRAIN_MS = 10_000
const READY_MS = 10_000
/** More than the queue of the hash gate holds. */
const FLOOD = 140
const SLOW = 6
const USERS = 8
const SWEEP_MS = 400
/** What began to be sent so long before the signal has been read by the service. */
const READ_MS = 50
const STEADY = { password: 'a steady pass phrase' }

/** Ends the service with SIGTERM while hashes queue up, changes are under way and clients are slow. */
export const sigterm: Experiment = {
  name: 'sigterm',
  title: 'SIGTERM in flight, hash queue full, slow clients',
  holds: 'every request that was read is answered, nothing is cut in mid-answer, exit 0 in 10 s',
  trials: 100,
  quick: 1,
  async run(context) {
    const outcome = emptyOutcome()
    const ledger = openLedger(join(context.folder, 'ledger.jsonl'))
    const counts = { answered: 0, overloaded: 0, closed: 0 }
    for (let trial = 0; trial < context.trials; trial++) {
      await carryOut(context, trial, ledger, outcome, counts)
      if (trial % 10 === 9) context.say(`${trial + 1} of ${context.trials}, ${counts.answered} answered`)
    }
    const last = await startService(context)
    await last.ready(READY_MS)
    addVerdict(outcome, await audit(last.url, ledger))
    await last.stop()
    ledger.close()
    outcome.acknowledged = ledger.acknowledged()
    return {
      ...outcome,
      figures: { answered: counts.answered, '503': counts.overloaded, 'closed unread': counts.closed }
    }
  }
}

type Counts = Record<'answered' | 'overloaded' | 'closed', number>

async function carryOut(context: Context, trial: number, ledger: Ledger, outcome: Outcome, counts: Counts) {
  const { folder, trials, random, slack } = context
  const service = await startService({ folder })
  await service.ready(READY_MS * slack)
  const since = ledger.position()
  await addUsers(service, ledger, trial)
  const wires = await Promise.all(Array.from({ length: FLOOD + SLOW + 2 * USERS + 2 }, () => openWire(service.port)))
  const seen: Seen[] = []
  const note = (answer: Seen) => void seen.push(answer)
  const take = () => wires.pop() as Wire
  const inUse = [...wires]

  const flood = Array.from({ length: FLOOD }, (_, n) =>
    take()
      .send('/api/login/', { json: { username: `nobody-${n}`, password: 'whatever it may be' } })
      .then(note)
  )
  const changes = change(ledger, trial, take, note, random)
  const slow = Array.from({ length: SLOW }, (_, n) => {
    const pace = n % 2 ? { deafMs: 1_000 } : { pauseMs: 500 + random() * 1_500 }
    return take()
      .send('/api/login/', { json: { username: `slow-${n}`, password: 'whatever it may be' } }, pace)
      .then(note)
  })
  // Who never finishes holds the service up for as long as its patience lasts, so not in every trial.
  const endless = trial % 5 === 4 ? [take().send('/api/login/', { json: {} }, { pauseMs: DRAIN_MS + 1_000 })] : []
  await sleep(((trial + random()) / trials) * SWEEP_MS)

  const began = performance.now()
  service.signal('SIGTERM')
  const late = setTimeout(() => service.signal('SIGKILL'), DRAIN_MS * slack + 5_000)
  const { code, signal } = await service.exited
  clearTimeout(late)
  const took = performance.now() - began
  if (code !== 0 || signal) outcome.violations.push(`trial ${trial}: it ended with ${signal ?? code}`)
  if (took > DRAIN_MS * slack) outcome.violations.push(`trial ${trial}: it ended after ${Math.round(took)} ms`)
  await Promise.all([...flood, ...changes, ...slow, ...endless])
  for (const wire of inUse) wire.close()
  for (const answer of seen) judge(answer, began, trial, outcome, counts)
  outcome.trials += 1
  outcome.faults += 1
  outcome.longestOutageMs = Math.max(outcome.longestOutageMs, took)

  const next = await startService({ folder })
  await next.ready(READY_MS * slack)
  addVerdict(outcome, await audit(next.url, ledger, { since, sample: USERS, seed: trial }))
  await next.stop()
}

/** Users with a session each, who are known by their trial. */
async function addUsers({ url }: Service, ledger: Ledger, trial: number): Promise<void> {
  const actions = createActions(createClient(url), ledger)
  for (let n = 0; n < USERS; n++) {
    await actions.register(nameOf(trial, n), STEADY.password)
    const user = ledger.users.get(nameOf(trial, n))
    if (user) await actions.login(user, STEADY.password)
  }
}

const nameOf = (trial: number, n: number) => `term-${trial}-${n}`

/** Registrations, refreshes, logouts and new passwords, one after another over some time, in the ledger. */
function change(ledger: Ledger, trial: number, take: () => Wire, note: (answer: Seen) => void, random: () => number) {
  const actionsOver = (wire: Wire) => {
    const calls = createCalls(async (path, sending) => {
      const answer = await wire.send(path, sending)
      note(answer)
      return answer
    })
    return createActions(calls, ledger)
  }
  const wait = () => sleep(random() * SWEEP_MS)
  const registrations = Array.from({ length: USERS }, async (_, n) => {
    const actions = actionsOver(take())
    await wait()
    await actions.register(`${nameOf(trial, n)}-new`, STEADY.password)
  })
  const others = Array.from({ length: USERS }, async (_, n) => {
    const actions = actionsOver(take())
    const user = ledger.users.get(nameOf(trial, n))
    const session = user?.sessions[0]
    await wait()
    if (!user || !session) return
    if (n % 4 === 0) await actions.logout(user, session)
    else if (n % 4 === 1) await actions.change(user, session, session.accesses[0] ?? '', 'another steady phrase')
    else await actions.refresh(user, session)
  })
  return [...registrations, ...others]
}

function judge({ status, begunAt, isCut }: Seen, began: number, trial: number, outcome: Outcome, counts: Counts): void {
  const when = `trial ${trial}, begun ${Math.round(begunAt - began)} ms after the signal`
  if (status === 503) counts.overloaded += 1
  else if (status > 0) counts.answered += 1
  else counts.closed += 1
  if (isCut) outcome.violations.push(`${when}: cut in mid-answer`)
  else if (status === 0 && begunAt < began - READ_MS) outcome.violations.push(`${when}: closed without an answer`)
  if (status >= 500 && status !== 503) outcome.violations.push(`${when}: ${status}`)
}
