import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { postgresPrograms } from '../../tools/postgres.ts'
import type { Need } from './experiment.ts'

const LIBFAKETIME = '/usr/lib/{*/,}faketime/libfaketime.so.1'
const runs = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0
const isRoot = () => process.getuid?.() === 0

const has: Record<Need, () => boolean> = {
  root: isRoot,
  loop: () => isRoot() && existsSync('/dev/loop-control') && runs('losetup', '-f') && runs('mkfs.ext4', '-V'),
  strace: () => runs('strace', '-V'),
  libfaketime: () => libfaketime() !== undefined,
  postgres: () => postgresPrograms() !== undefined
}

/** What this machine lacks of the given. */
export const missing = (needs: Need[] = []): Need[] => needs.filter(need => !has[need]())

/** The library that replaces the clock of a process, for LD_PRELOAD. */
export const libfaketime = (): string | undefined => globSync(LIBFAKETIME)[0]
