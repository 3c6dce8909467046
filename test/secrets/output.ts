import { inspect } from 'node:util'
import type { Keep } from './records.ts'

/**
 * `client` gives a secret to whoever runs it; `openapi` prints examples, which tests send; and what `serve` prints is its log,
 * which is recorded line by line.
 */
const NOT_SEARCHED = ['client', 'openapi', 'serve']

/** Records what a process of the command line prints, and of what it dies. */
export function recordOutput(record: Keep): void {
  process.on('uncaughtExceptionMonitor', error => record('log', `${inspect(error)}\n`))
  const streams = NOT_SEARCHED.includes(process.argv[2] ?? '') ? [process.stderr] : [process.stdout, process.stderr]
  for (const stream of streams) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    stream.write = (...args: unknown[]) => {
      record('log', args[0] as string | Uint8Array)
      return write(...args)
    }
  }
}
