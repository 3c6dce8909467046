import { execFile } from 'node:child_process'
import { chmod, copyFile, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { makeImage, mountImage, unmounting } from '../disks/disk.ts'
import { give, type Refusal, refusals, UNPRIVILEGED } from '../disks/refusals.ts'
import { createClient, isDone } from '../harness/client.ts'
import { type Experiment, emptyOutcome } from '../harness/experiment.ts'
import { openLedger } from '../harness/ledger.ts'
import { startLoad } from '../harness/load.ts'
import { startService } from '../harness/service.ts'
import { addVerdict, sum } from '../harness/tally.ts'
import { audit } from '../harness/verdict.ts'

const MEGABYTES = 32
const PATIENCE_MS = 20_000
const WATCHED_MS = 1_500
const ACTORS = 4
const PASSWORD = 'correct horse battery'

/** Takes the right to write away, before a start and under a running service. */
export const readOnly: Experiment = unmounting({
  name: 'read-only',
  title: 'Read-only file system, wrong owner, missing folder: at the start and under way',
  holds:
    'a start is refused with the reason and leaves nothing behind; under way writes get 503 and checks are answered',
  trials: refusals.length + 1,
  quick: 0,
  needs: ['loop'],
  async run({ folder, say }) {
    // Whoever has no rights must be able to get to the mounted folders, and no further.
    await chmod(folder, 0o711)
    const used = join(folder, 'used.img')
    await makeImage(used, MEGABYTES)
    const disk = await mountImage(used, join(folder, 'used'))
    await give(disk.folder)
    const service = await startService({ folder: disk.folder, wrap: UNPRIVILEGED })
    await service.ready(PATIENCE_MS)
    await service.stop()
    await disk.unmount()
    const outcomes = [await losesItsDisk(folder, used)]
    for (const refusal of refusals) outcomes.push(await refuses(folder, used, refusal))
    say(`${outcomes.length} cases`)
    return sum(outcomes)
  }
})

async function refuses(folder: string, used: string, { name, reason, readOnly, env, spoil }: Refusal) {
  const outcome = { ...emptyOutcome(), trials: 1, faults: 1 }
  const image = join(folder, 'disk.img')
  await copyFile(used, image)
  const mounted = join(folder, 'disk')
  let disk = await mountImage(image, mounted)
  const at = (await spoil?.(disk.folder)) ?? disk.folder
  if (readOnly) {
    await disk.unmount()
    disk = await mountImage(image, mounted, 'ro')
  }
  const names = await readdir(disk.folder, { recursive: true })
  const service = await startService({ folder: at, wrap: UNPRIVILEGED, env: env?.(at) })
  const code = await Promise.race([service.exited.then(exit => exit.code), sleep(PATIENCE_MS, 'none', { ref: false })])
  if (code !== 1) outcome.violations.push(`${name}: it ended with exit code ${code}: ${service.output()}`)
  if (!reason.test(service.output())) outcome.violations.push(`${name}: it does not say why: ${service.output()}`)
  await service.stop()
  const made = (await readdir(disk.folder, { recursive: true })).filter(found => !names.includes(found))
  if (made.length > 0) outcome.violations.push(`${name}: it left ${made} behind`)
  await disk.unmount()
  return outcome
}

/** The kernel makes a file system read-only by itself when it finds an error in it. */
async function losesItsDisk(folder: string, used: string) {
  const outcome = { ...emptyOutcome(), trials: 1, faults: 1 }
  const image = join(folder, 'disk.img')
  await copyFile(used, image)
  const disk = await mountImage(image, join(folder, 'disk'))
  const service = await startService({ folder: disk.folder, wrap: UNPRIVILEGED })
  await service.ready(PATIENCE_MS)
  const client = createClient(service.url)
  await client.register('watcher', 'watcher@example.com', PASSWORD)
  const { access } = (await client.login('watcher', PASSWORD)).body
  const ledger = openLedger()
  const load = startLoad({ ...service, ledger, actors: ACTORS })
  await sleep(WATCHED_MS)
  // ext4 can report success for a sync that is on its way while it becomes read-only, and lose it (docs/reliability.md).
  await load.stop()
  await breakFileSystem(disk.folder)
  load.resume()
  const over = performance.now() + WATCHED_MS
  for (let n = 0; performance.now() < over; n++) {
    const write = await client.register(`late-${n}`, `late-${n}@example.com`, PASSWORD)
    if (write.status !== 503) outcome.violations.push(`under way: a write was answered with ${write.status}`)
    for (const check of [await client.protected(String(access)), await client.verify(String(access))])
      if (!isDone(check)) outcome.violations.push(`under way: a check was answered with ${check.status}`)
  }
  service.signal('SIGKILL')
  await service.exited
  await load.stop()
  await disk.unmount()
  await promisify(execFile)('e2fsck', ['-p', image]).catch(({ code }) => {
    if (code > 1) outcome.violations.push(`under way: e2fsck ended with ${code}`)
  })
  const mended = await mountImage(image, join(folder, 'disk'))
  const next = await startService({ folder: mended.folder, wrap: UNPRIVILEGED })
  await next.ready(PATIENCE_MS)
  outcome.acknowledged = ledger.acknowledged()
  outcome.longestOutageMs = load.longestOutageMs()
  addVerdict(outcome, await audit(next.url, ledger))
  await next.stop()
  await mended.unmount()
  await rm(image)
  return outcome
}

async function breakFileSystem(folder: string): Promise<void> {
  const { stdout } = await promisify(execFile)('findmnt', ['--noheadings', '--output', 'SOURCE', folder])
  const device = basename(await realpath(stdout.trim()))
  await writeFile(`/sys/fs/ext4/${device}/trigger_fs_error`, 'broken by an experiment')
}
