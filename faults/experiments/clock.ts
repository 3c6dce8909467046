import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jumps, type Start, starts } from '../clocks/cases.ts'
import { createFakedClock } from '../clocks/faked-clock.ts'
import { turnClock } from '../clocks/running.ts'
import { contentsOf } from '../corruption/contents.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { startService } from '../harness/service.ts'

const START_MS = 15_000

/** Starts a service whose clock is wrong, and again when it is right. */
async function startAt(folder: string, { name, at, empty }: Start, outcome: Outcome): Promise<void> {
  const clock = createFakedClock(folder)
  if (!empty) {
    const first = await startService({ folder, env: clock.env })
    await first.ready(START_MS)
    await createClient(first.url).register('ada', 'ada@example.com', 'correct horse')
    await first.stop()
  }
  clock.set(at)
  const before = contentsOf(folder)
  const early = await startService({ folder, env: clock.env })
  const end = await Promise.race([early.exited, sleep(START_MS)])
  await early.stop()
  const said = /clock of this machine says/.test(early.output())
  if (end?.code !== 1 || !said) outcome.violations.push(`${name}: ${end?.code ?? 'it runs'}, ${early.output()}`)
  // Where there is no store, tables without rows are made before the clock is looked at.
  if (!empty && contentsOf(folder) !== before) outcome.violations.push(`${name}: something was changed`)
  clock.set(0)
  const right = await startService({ folder, env: clock.env })
  await right.ready(START_MS)
  if (!empty && (await createClient(right.url).login('ada', 'correct horse')).status !== 200) outcome.lost.push(name)
  await right.stop()
  outcome.faults += 1
}

/** The wall clock jumps while the service runs, or is wrong when it starts. */
export const clock: Experiment = {
  name: 'clock',
  title: 'Clock jumps of -1 h, +1 h, +24 h and back; starts in 1970',
  holds: 'nothing used, ended or expired comes back, waits stay short, a clock that cannot be right stops the start',
  trials: jumps.length + starts.length,
  quick: 0,
  needs: ['libfaketime'],
  async run({ trials, folder, say }) {
    const outcome = emptyOutcome()
    const all = [
      ...starts.map(start => ({ name: start.name, run: (at: string) => startAt(at, start, outcome) })),
      ...jumps.map(jump => ({ name: jump.name, run: (at: string) => turnClock(at, jump, outcome) }))
    ]
    for (const { name, run } of all.slice(0, trials)) {
      const at = join(folder, `trial${outcome.trials}`)
      await mkdir(at)
      await run(at)
      await rm(at, { recursive: true })
      outcome.trials += 1
      say(name)
    }
    return outcome
  }
}
