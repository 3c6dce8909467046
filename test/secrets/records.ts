import { mkdirSync, openSync, writeSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** Names the folder of a run for the processes that its tests start. */
export const VARIABLE = 'POSTERN_TEST_RECORDS'

export type RecordKind = 'log' | 'metrics' | 'database' | 'secrets' | 'public'

/** Where the processes of this run keep what they recorded: the runner is the parent of every test. */
export const recordsFolder = (): string => process.env[VARIABLE] ?? join(root, '.tap', 'records', String(process.ppid))

/** Whether this process was started by a test, and is not one. */
export const isStartedByTest = (): boolean => process.env[VARIABLE] !== undefined

/** What a process imports before everything else to be recorded. */
export const recorder = join(import.meta.dirname, 'recorder.ts')

/** Where those who start a process with an environment of its own find what others have compiled: half of a start. */
const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node') }

/** For a process of the service that a test starts: what Node.js and its environment need so that it is recorded too. */
export function recorded(): { args: string[]; env: Record<string, string> } {
  return { args: ['--import', recorder], env: { [VARIABLE]: recordsFolder(), ...compiled } }
}

export type Keep = ReturnType<typeof createRecords>

/** The records of this process, a file for each kind; its name says what ran. */
export function createRecords() {
  const folder = recordsFolder()
  const [, script = basename(process.execPath), command = ''] = process.argv
  const what = `${relative(root, script)} ${isStartedByTest() ? basename(command) : ''}`
  const name = what.trim().replace(/[^\w.]+/g, '-')
  const files = new Map<RecordKind, number>()
  const fileOf = (kind: RecordKind): number => {
    mkdirSync(folder, { recursive: true })
    const file = openSync(join(folder, `${name}.${process.pid}.${kind}`), 'a')
    files.set(kind, file)
    return file
  }
  return (kind: RecordKind, what: string | Uint8Array): void => {
    try {
      const file = files.get(kind) ?? fileOf(kind)
      writeSync(file, Buffer.from(what))
    } catch {
      // Some tests take the descriptors or the disk away from their services: those find out by themselves.
    }
  }
}
