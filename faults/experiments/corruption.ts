import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { injuries } from '../corruption/injuries.ts'
import { interview } from '../corruption/interview.ts'
import { type Person, populate, writeBack } from '../corruption/population.ts'
import { createClient } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { runCommand, startService } from '../harness/service.ts'

const START_MS = 20_000
const EXPLAINED = /postern: .*(database|clock|signing key)/is
const DAMAGE = /(damaged|cannot be read|another program|newer version|sealed|no signing key)/

/** How it ended: the first three say that the damage was noticed. */
type Ending = 'start refused' | 'answers of 5xx' | 'found by postern doctor' | 'unnoticed, some refused' | 'harmless'

/** Starts a service on a damaged folder and asks it about everybody. */
async function examine(folder: string, people: Person[]): Promise<{ ending: Ending; wrong: string[] }> {
  const service = await startService({ folder })
  const ready = await service.ready(START_MS).then(
    () => true,
    () => false
  )
  if (!ready) {
    await service.stop()
    const { code, signal } = await service.exited
    if (code === 1 && EXPLAINED.test(service.output())) return { ending: 'start refused', wrong: [] }
    return { ending: 'start refused', wrong: [`ended with ${code ?? signal}: ${service.output().slice(-300)}`] }
  }
  const { mistaken, refused, failed } = await interview(createClient(service.url), people)
  const crashed = await Promise.race([service.exited, sleep(0)])
  await service.stop()
  const wrong = [...mistaken, ...(crashed ? [`crashed: ${service.output().slice(-300)}`] : [])]
  if (failed > 0) return { ending: 'answers of 5xx', wrong }
  if (await doctorComplains(folder)) return { ending: 'found by postern doctor', wrong }
  return { ending: refused > 0 ? 'unnoticed, some refused' : 'harmless', wrong }
}

const doctorComplains = (folder: string): Promise<boolean> =>
  runCommand(folder, 'doctor').then(
    text => DAMAGE.test(text),
    ({ stdout }: { stdout: string }) => DAMAGE.test(stdout)
  )

/** Bytes of the database, of its log and of the index of the log are changed, zeroed or missing at the start. */
export const corruption: Experiment = {
  name: 'corruption',
  title: 'Corrupted bytes in db, wal, shm; cut off; zeroed header',
  holds: 'nobody is taken for somebody else; no end without a message; what was noticed is counted',
  trials: 200,
  quick: 2,
  async run({ trials, folder, random, say }) {
    const outcome = emptyOutcome()
    const sound = join(folder, 'sound')
    await mkdir(sound)
    const people = await populate(sound, Math.floor(random() * 1e6))
    outcome.acknowledged = people.length
    const endings = new Map<string, number>()
    for (let trial = 0; trial < trials; trial++) {
      const { name, file, harm } = injuries[trial % injuries.length] as (typeof injuries)[number]
      const copy = join(folder, 'copy')
      await cp(sound, copy, { recursive: true })
      if (!file) writeBack(copy)
      const ids = people.map(({ id }) => id)
      harm(join(copy, `postern.db${file}`), (trial + random()) / trials, random, ids)
      const { ending, wrong } = await examine(copy, people)
      await rm(copy, { recursive: true })
      const what = `${name} in ${file ? file.slice(1) : 'db'}`
      outcome.violations.push(...wrong.map(text => `trial ${trial}, ${what}: ${text}`))
      endings.set(ending, (endings.get(ending) ?? 0) + 1)
      outcome.trials += 1
      outcome.faults += 1
      say(`${what}: ${ending}`)
    }
    outcome.figures = Object.fromEntries(endings)
    return outcome
  }
}
