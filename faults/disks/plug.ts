import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../harness/service.ts'
import { type Disk, mountImage, photograph } from './disk.ts'

const ANSWERS_MS = 30

/**
 * Stops a service and keeps of its disk what has reached the device at that moment: what the kernel still had in memory
 * is lost, as when the power goes. Gives that disk, mounted elsewhere; the old one is gone.
 */
export async function pullPlug(service: Service, disk: Disk, folder: string): Promise<Disk> {
  service.signal('SIGSTOP')
  // What it had answered by then counts.
  await sleep(ANSWERS_MS)
  const rest = `${disk.image}.rest`
  await photograph(disk.image, rest)
  service.signal('SIGKILL')
  await service.exited
  await disk.unmount()
  await rm(disk.image)
  return mountImage(rest, folder)
}
