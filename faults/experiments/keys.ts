import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentsOf } from '../corruption/contents.ts'
import { type KeyFault, keyFaults } from '../corruption/key-faults.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { startService } from '../harness/service.ts'

const START_MS = 15_000

/** Writes what a service writes, with one user in it. */
async function establish(folder: string): Promise<void> {
  const service = await startService({ folder })
  await service.ready(START_MS)
  await createClient(service.url).register('ada', 'ada@example.com', 'correct horse')
  await service.stop()
}

async function logsIn(folder: string): Promise<boolean> {
  const service = await startService({ folder })
  await service.ready(START_MS)
  const { status } = await createClient(service.url).login('ada', 'correct horse')
  await service.stop()
  return status === 200
}

/** What did not hold when a service was started with that fault. */
async function refusal(folder: string, { name, says, env = {}, harm }: KeyFault): Promise<string[]> {
  await harm?.(folder)
  const before = contentsOf(folder)
  const settings = Object.entries(env).map(([key, value]) => [
    key,
    value.endsWith('.json') ? join(folder, value) : value
  ])
  const service = await startService({ folder, env: Object.fromEntries(settings) })
  const end = await Promise.race([service.exited, sleep(START_MS)])
  await service.stop()
  const wrong: string[] = []
  if (end?.code !== 1) wrong.push(`${name}: it ended with ${end ? (end.code ?? end.signal) : 'nothing, it runs'}`)
  if (!says.test(service.output())) wrong.push(`${name}: it says ${JSON.stringify(service.output().slice(-300))}`)
  if (contentsOf(folder) !== before) wrong.push(`${name}: something was changed`)
  return wrong
}

/** The master secret, the sealed keys or the settings are gone, cut or of another service. */
export const keys: Experiment = {
  name: 'keys',
  title: 'Key file removed, secret swapped, settings cut',
  holds: 'start refused with a message and exit code 1, nothing made anew, well again with the right key',
  trials: keyFaults.length,
  quick: 0,
  async run({ trials, folder, say }) {
    const outcome = emptyOutcome()
    const sound = join(folder, 'sound')
    await establish(sound)
    for (const fault of keyFaults.slice(0, trials)) {
      const copy = join(folder, 'copy')
      await cp(sound, copy, { recursive: true })
      outcome.violations.push(...(await refusal(copy, fault)))
      await rm(copy, { recursive: true })
      outcome.trials += 1
      outcome.faults += 1
      say(fault.name)
    }
    if (!(await logsIn(sound))) outcome.lost.push('the user, with the right secret')
    outcome.acknowledged = 1
    return outcome
  }
}
