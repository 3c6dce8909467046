import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage, mountImage, unmounting } from '../disks/disk.ts'
import { emptyLog } from '../disks/log.ts'
import { createClient, isDone } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { faultsIn } from '../harness/inspect.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { openMailbox } from '../harness/mailbox.ts'
import { addOAuthClient, startService } from '../harness/service.ts'
import { addVerdict } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const MEGABYTES = 32
const PATIENCE_MS = 20_000
const FULL_MS = 1_500
const RECOVERY_MS = 5_000
const ACTORS = 6
const PASSWORD = 'correct horse battery'
/** So much more room is left in each trial than in the one before: another write is the one that does not fit. */
const STEP = 4096

/** Fills the disk of one service, which goes on, again and again. */
export const diskFull: Experiment = unmounting({
  name: 'disk-full',
  title: 'Disk full, then freed',
  holds: '503 and no false 2xx, checks keep answering, writes succeed within 5 s of the room without a restart',
  trials: 20,
  quick: 0,
  needs: ['loop'],
  async run({ trials, folder, random, say }) {
    const outcome = emptyOutcome()
    await makeImage(join(folder, 'disk.img'), MEGABYTES)
    const disk = await mountImage(join(folder, 'disk.img'), join(folder, 'disk'))
    const ledger = openLedger(join(folder, 'ledger.jsonl'))
    const path = join(disk.folder, 'postern.db')
    const filler = join(disk.folder, 'filler')
    const service = await startService({ folder: disk.folder })
    await service.ready(PATIENCE_MS)
    const oauth = await addOAuthClient(disk.folder)
    const client = createClient(service.url)
    await client.register('watcher', 'watcher@example.com', PASSWORD)
    const access = String((await client.login('watcher', PASSWORD)).body.access)
    let slowest = 0

    for (let trial = 0; trial < trials; trial++) {
      const complain = (text: string) => outcome.violations.push(`trial ${trial}: ${text}`)
      const load = startLoad({
        ...service,
        ledger,
        actors: ACTORS,
        oauth,
        mailbox: openMailbox(disk.folder),
        seed: random() * 1e6
      })
      await sleep(300)
      emptyLog(path)
      fill(filler, trial * STEP)
      const over = performance.now() + FULL_MS
      let refused = 0
      for (let n = 0; performance.now() < over; n++) {
        const write = await client.register(`full-${trial}-${n}`, `full-${trial}-${n}@example.com`, PASSWORD)
        if (write.status === 503) refused += 1
        else if (!isDone(write)) complain(`a write was answered with ${write.status}`)
        for (const check of [await client.protected(access), await client.verify(access)])
          if (!isDone(check)) complain(`a check was answered with ${check.status}`)
      }
      if (refused === 0) complain('the disk was never full')
      rmSync(filler)
      const freed = performance.now()
      for (let n = 0; ; n++) {
        if (isDone(await client.register(`free-${trial}-${n}`, `free-${trial}-${n}@example.com`, PASSWORD))) break
        if (performance.now() - freed > RECOVERY_MS) {
          complain(`no write succeeded within ${RECOVERY_MS} ms`)
          break
        }
        await sleep(20)
      }
      slowest = Math.max(slowest, performance.now() - freed)
      await load.stop()
      outcome.trials += 1
      outcome.faults += refused
      outcome.longestOutageMs = Math.max(outcome.longestOutageMs, load.longestOutageMs())
      if (trial % 5 === 4) say(`${trial + 1} of ${trials}, ${ledger.acknowledged()} acknowledged`)
    }

    outcome.acknowledged = ledger.acknowledged()
    addVerdict(outcome, await audit(service.url, ledger))
    service.signal('SIGKILL')
    await service.exited
    outcome.violations.push(...(await faultsIn(path)))
    ledger.close()
    await disk.unmount()
    return { ...outcome, figures: { 'writes again after': `${Math.round(slowest)} ms` } }
  }
})

/** Fills a disk up to a number of bytes that stay free. */
function fill(file: string, spare: number): void {
  const { bavail, bsize } = statfsSync(join(file, '..'))
  const block = Buffer.alloc(4096)
  const descriptor = openSync(file, 'w')
  try {
    for (let left = bavail * bsize - spare; spare === 0 || left >= block.length; left -= block.length)
      writeSync(descriptor, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(descriptor)
  }
}
