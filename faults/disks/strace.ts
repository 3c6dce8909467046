import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** System calls that are to fail: their names, the error, and which of them, in the words of strace (`5`, `5+`). */
export interface Failing {
  calls: string
  error: 'EIO' | 'ENOSPC'
  when: string
}

export type Injection = Awaited<ReturnType<typeof inject>>

/** A command in front of a service whose every fsync succeeds and does nothing. */
export const WITHOUT_FSYNC = [
  ...['strace', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'],
  ...['-e', 'inject=fsync,fdatasync:retval=0']
]

const WATCHED = 'pwrite64,ftruncate,fsync,fdatasync'
const PATIENCE_MS = 5_000

/** Lets calls of a running process fail from now on, only those on the database in a folder and on its log. */
export async function inject(pid: number, folder: string, { calls, error, when }: Failing) {
  const file = join(folder, 'strace.txt')
  const path = join(folder, 'postern.db')
  const child = spawn(
    'strace',
    [
      ...['-f', '-y', '-s', '0', '-o', file, '-e', `trace=${WATCHED}`, '-P', path, '-P', `${path}-wal`],
      ...['-e', `inject=${calls}:error=${error}:when=${when}`, '-p', String(pid)]
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] }
  )
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const exited = once(child, 'exit')
  for (const limit = performance.now() + PATIENCE_MS; !printed.includes('attached'); await sleep(5))
    if (performance.now() > limit || child.exitCode !== null) throw new Error(`strace is not attached: ${printed}`)
  const lines = async () => (await readFile(file, 'utf8')).split('\n')

  return {
    /** The calls so far, one a line. */
    lines,
    /** How many calls failed because of this. */
    count: async () => (await lines()).filter(line => line.includes('(INJECTED)')).length,
    async stop() {
      child.kill('SIGTERM')
      await exited
    }
  }
}

/**
 * What was written to the log behind commits that an fsync had failed for: nothing may be, before the log is emptied.
 * Calls on the log at which that was not so are given.
 */
export function writtenInDoubt(lines: string[]): string[] {
  let isDirty = false
  let isDoubtful = false
  return lines.filter(line => {
    if (!line.includes('postern.db-wal>')) return false
    const failed = line.includes('= -1 ')
    if (/ftruncate\([^,]*, 0\)/.test(line)) isDoubtful &&= failed
    if (/fsync|fdatasync/.test(line)) {
      if (failed && isDirty) isDoubtful = true
      else if (!failed) isDirty = false
    }
    if (!line.includes('pwrite64')) return false
    isDirty = true
    return isDoubtful
  })
}
