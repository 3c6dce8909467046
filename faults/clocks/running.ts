import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from '../harness/client.ts'
import type { Outcome } from '../harness/experiment.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, type Service, startService } from '../harness/service.ts'
import type { Jumps } from './cases.ts'
import { createFakedClock } from './faked-clock.ts'
import { accessOf, CHANGED, logIn, PASSWORD, refreshOf, revived, SETTINGS, spend } from './spent.ts'

const START_MS = 15_000
const HOUSEKEEPING_MS = 62_000
const DAY = 86_400
const TICKS_PER_SECOND = 100
const WRONG = 7
/** Four seconds are left to wait after the seventh wrong password; at half speed it takes twice as long. */
const PATIENCE_MS = 20_000

/** Turns the clock of a service that runs, and adds what came of it. */
export async function turnClock(folder: string, { name, to, restarts, keepsHouse }: Jumps, outcome: Outcome) {
  const clock = createFakedClock(folder)
  const env = { ...SETTINGS, ...clock.env }
  let service = await startService({ folder, env })
  const violate = (text: string) => outcome.violations.push(`${name}: ${text}`)
  const began = async () => {
    await service.ready(START_MS)
    return createClient(service.url)
  }
  let client = await began()
  const spent = await spend(client, await addOAuthClient(folder), openMailbox(folder))
  for (const found of await revived(client, spent)) violate(`before any jump: ${found}`)
  const open = await logIn(client, 'ada')
  for (let wrong = 0; wrong < WRONG; wrong++) await failOnce(client)

  let behind = 0
  for (const [index, seconds] of to.entries()) {
    if (keepsHouse && index === to.length - 1) await sleep(HOUSEKEEPING_MS)
    clock.set(seconds)
    behind = Math.max(behind, seconds)
    outcome.faults += 1
    outcome.resurrected.push(...(await revived(client, spent)).map(text => `${name}: ${text}`))
    // What a restart knows of the time is what was written: here that somebody came.
    await client.register(`present-${index}`, `present-${index}@example.com`, PASSWORD)
  }
  const goesOn = await client.refresh(open.refresh)
  if ((goesOn.status === 200) !== behind < DAY) violate(`a session that was open: ${goesOn.status}`)
  if (behind >= DAY) spent.push(refreshOf('an expired refresh token', open.refresh))
  if ((await idleShare(service)) > 0.5) violate('it is busy with nothing')

  if (restarts) {
    spent.push(accessOf('an access token from before', open.access))
    service.signal('SIGKILL')
    await service.exited
    service = await startService({ folder, env })
    client = await began()
    outcome.resurrected.push(...(await revived(client, spent)).map(text => `${name}, restarted: ${text}`))
  }
  const waited = await waitForEve(client)
  if (waited > PATIENCE_MS) violate(`the delay after wrong passwords lasted ${Math.round(waited)} ms`)
  for (const problem of await newcomer(client)) violate(problem)
  outcome.acknowledged += spent.length
  await service.stop()
}

const failOnce = async (client: Client): Promise<void> => {
  // Each is sent as soon as it is taken: what has to wait does not count.
  while ((await client.login('eve', 'wrong horse')).status === 429) await sleep(100)
}

/** Milliseconds until somebody who mistyped may log in. */
async function waitForEve(client: Client): Promise<number> {
  const began = performance.now()
  const waited = () => performance.now() - began
  while ((await client.login('eve', CHANGED)).status !== 200 && waited() <= PATIENCE_MS) await sleep(200)
  return waited()
}

/** What does not work for somebody who comes now. */
async function newcomer(client: Client): Promise<string[]> {
  const name = `newcomer${Math.round(performance.now())}`
  const made = await client.register(name, `${name}@example.com`, PASSWORD)
  if (made.status !== 201) return [`a registration: ${made.status}`]
  const tokens = await logIn(client, name)
  const answers = {
    access: await client.protected(tokens.access),
    refresh: await client.refresh(tokens.refresh)
  }
  return Object.entries(answers)
    .filter(([, { status }]) => status !== 200)
    .map(([what, { status }]) => `a new ${what} token: ${status}`)
}

/** The part of a second in which a service that is asked nothing is busy. */
async function idleShare({ pid }: Service): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  const before = ticks()
  await sleep(1000)
  return (ticks() - before) / TICKS_PER_SECOND
}
