import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export type Hold = 'write' | 'read'

/** Has another process lock a SQLite file, or read from it in one long transaction; gives when that has ended. */
export async function hold(path: string, kind: Hold, milliseconds: number): Promise<{ ended: Promise<unknown> }> {
  const script = join(import.meta.dirname, 'hold.ts')
  const child = spawn(process.execPath, [script, path, kind, String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), ended])
  if (child.exitCode !== null) throw new Error(`the ${kind} lock could not be taken`)
  return { ended }
}
