import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage, mountImage, unmounting } from '../disks/disk.ts'
import { fillLog } from '../disks/log.ts'
import { pullPlug } from '../disks/plug.ts'
import { WITHOUT_FSYNC } from '../disks/strace.ts'
import { type Experiment, emptyOutcome, type Outcome } from '../harness/experiment.ts'
import { faultsIn } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, startService } from '../harness/service.ts'
import { addVerdict, sum } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const MEGABYTES = 96
const PATIENCE_MS = 20_000
const START_MS = 1_500
const SWEEP_MS = 1_000
const ACTORS = 8

type Laboratory = Awaited<ReturnType<typeof prepare>>

/** Keeps of the disk, at swept moments, only what was on the device: data that no fsync has sent there is gone. */
export const powerCut: Experiment = unmounting({
  name: 'power-cut',
  title: 'Power cut: the device as it is at a moment under load, every fifth time during the first start',
  holds:
    'nothing acknowledged is lost, nothing comes back, the file is whole; with fsync swallowed acknowledged operations are lost',
  trials: 50,
  quick: 0,
  needs: ['loop', 'strace'],
  async run({ trials, folder, random, say }) {
    const laboratory = await prepare(folder)
    const outcomes: Outcome[] = []
    for (let trial = 0; trial < trials; trial++) {
      const moment = (trial + random()) / trials
      const isStart = trial % 5 === 4
      const one = isStart
        ? await cutStart(laboratory, moment * START_MS)
        : await cutLoad(laboratory, { afterMs: moment * SWEEP_MS, seed: random() * 1e6, fill: trial % 2 === 1 })
      outcomes.push(one)
      if (trial % 5 === 4) say(`${trial + 1} of ${trials}, ${sum(outcomes).acknowledged} acknowledged`)
    }
    const outcome = sum(outcomes)
    const control = await cutLoad(laboratory, { afterMs: SWEEP_MS, seed: 1, wrap: WITHOUT_FSYNC })
    const missing = control.lost.length + control.violations.length
    say(`control: with fsync swallowed ${control.lost.length} of ${control.acknowledged} acknowledged were lost`)
    if (missing === 0) outcome.violations.push('control: nothing is lost with fsync swallowed, so this proves nothing')
    return { ...outcome, figures: { 'lost with fsync swallowed': control.lost.length } }
  }
})

/** The image of a disk on which a service has run once, and an empty one. */
async function prepare(folder: string) {
  const used = join(folder, 'used.img')
  const empty = join(folder, 'empty.img')
  await makeImage(empty, MEGABYTES)
  await copyFile(empty, used)
  const disk = await mountImage(used, join(folder, 'used'))
  const oauth = await addOAuthClient(disk.folder)
  await disk.unmount()
  const image = join(folder, 'disk.img')
  return { used, empty, oauth, image, before: join(folder, 'before'), after: join(folder, 'after') }
}

interface Cut {
  afterMs: number
  seed: number
  /** Whether the log is to be copied into the file about then. */
  fill?: boolean
  wrap?: string[]
}

async function cutLoad({ used, oauth, image, before, after }: Laboratory, { afterMs, seed, fill, wrap }: Cut) {
  const outcome = { ...emptyOutcome(), trials: 1, faults: 1 }
  await copyFile(used, image)
  const disk = await mountImage(image, before)
  const service = await startService({ folder: disk.folder, wrap })
  await service.ready(PATIENCE_MS)
  const ledger = openLedger()
  const load = startLoad({ ...service, ledger, actors: ACTORS, oauth, mailbox: openMailbox(disk.folder), seed })
  await sleep(50 + afterMs / 2)
  if (fill) fillLog(join(disk.folder, 'postern.db'))
  await sleep(afterMs / 2)
  const rest = await pullPlug(service, disk, after)
  await load.stop()
  outcome.acknowledged = ledger.acknowledged()
  outcome.longestOutageMs = load.longestOutageMs()
  try {
    outcome.violations.push(...(await faultsIn(join(rest.folder, 'postern.db'))))
    const next = await startService({ folder: rest.folder })
    await next.ready(PATIENCE_MS)
    addVerdict(outcome, await audit(next.url, ledger))
    await next.stop()
  } catch (error) {
    outcome.violations.push(`after a cut: ${(error as Error).message}`)
  }
  await rest.unmount()
  await rm(rest.image)
  return outcome
}

/** A first start that was cut off must not keep the next one from starting. */
async function cutStart({ empty, image, before, after }: Laboratory, afterMs: number) {
  const outcome = { ...emptyOutcome(), trials: 1, faults: 1 }
  await copyFile(empty, image)
  const disk = await mountImage(image, before)
  const service = await startService({ folder: disk.folder })
  await sleep(afterMs)
  const rest = await pullPlug(service, disk, after)
  const next = await startService({ folder: rest.folder })
  await next
    .ready(PATIENCE_MS)
    .catch((error: Error) => outcome.violations.push(`after a cut at ${Math.round(afterMs)} ms: ${error.message}`))
  await next.stop()
  await rest.unmount()
  await rm(rest.image)
  return outcome
}
