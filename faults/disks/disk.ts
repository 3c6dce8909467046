import { execFile, execFileSync } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Experiment } from '../harness/experiment.ts'

/** A file system of its own: ext4 in a file, behind a loop device. */
export interface Disk {
  /** Where it is mounted. */
  readonly folder: string
  /** The file that holds what the device was told to write, and nothing of what waits in memory. */
  readonly image: string
  unmount(): Promise<void>
}

const run = promisify(execFile)
const mounted = new Set<string>()
process.once('exit', release)

/** The same experiment, which leaves nothing mounted, also when it cannot be carried out to its end. */
export const unmounting = (experiment: Experiment): Experiment => ({
  ...experiment,
  run: context => experiment.run(context).finally(release)
})

function release(): void {
  for (const folder of mounted) execFileSync('umount', ['--lazy', folder])
  mounted.clear()
}

/** Makes an empty file system in a file of that many megabytes. */
export async function makeImage(image: string, megabytes: number): Promise<void> {
  await rm(image, { force: true })
  const file = await open(image, 'w')
  await file.truncate(megabytes * 1024 * 1024)
  await file.close()
  // No blocks are reserved for root, who would find a disk empty that is full.
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', image])
}

/** Mounts an image, which replays the journal of its file system. It is unmounted with the harness at the latest. */
export async function mountImage(image: string, folder: string, options = 'errors=remount-ro'): Promise<Disk> {
  await mkdir(folder, { recursive: true })
  await run('mount', ['-t', 'ext4', '-o', `loop,${options}`, image, folder])
  mounted.add(folder)
  return {
    folder,
    image,
    async unmount() {
      await run('umount', [folder])
      mounted.delete(folder)
    }
  }
}

/** Copies an image as it is on its device. Taken anew until nothing was written meanwhile: a cut has one moment. */
export async function photograph(image: string, copy: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await run('cp', ['--sparse=always', image, copy])
    if (await isSame(image, copy)) return
  }
  throw new Error(`${image} is written to without a pause`)
}

const ATTEMPTS = 20
const isSame = (one: string, other: string) =>
  run('cmp', ['--silent', one, other]).then(
    () => true,
    () => false
  )
