import { StoreStartError, StoreUnavailable } from '../db/database.ts'
import { PosternError, StartError } from '../errors.ts'
import { version } from '../version.ts'
import { UsageError } from './command.ts'
import { help, helpOf } from './help.ts'
import { findCommand, readValues } from './usage.ts'

/** Runs one command line and gives the exit code: 0 done, 1 failed, 2 wrong usage. Says on stderr what went wrong. */
export async function main(args: string[]): Promise<number> {
  // Whatever is made, the database above all, is for this user alone.
  process.umask(0o077)
  try {
    return await run(args)
  } catch (error) {
    process.stderr.write(`postern: ${explain(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(args: string[]): Promise<number> {
  const [first] = args
  if (first === undefined) {
    process.stderr.write(help())
    return 2
  }
  if (first === '--help' || first === '-h') {
    process.stdout.write(help())
    return 0
  }
  if (first === '--version') {
    process.stdout.write(`${version}\n`)
    return 0
  }
  const command = findCommand(args)
  const { values, operand } = readValues(command, args)
  if (!values.help) return (await command.run(values, operand)) ?? 0
  process.stdout.write(helpOf(command))
  return 0
}

function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof StartError || error instanceof StoreStartError)
    return error.message
  if (error instanceof StoreUnavailable) return `${new PosternError('unavailable').message} (${error.message})`
  if (error instanceof PosternError) {
    const fields = Object.entries(error.errors ?? {}).map(([field, problems]) => `\n  ${field}: ${problems.join(' ')}`)
    return error.message + fields.join('')
  }
  if (!(error instanceof Error)) return `unexpected error: ${error}`
  const debugging = ['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '')
  return debugging ? `unexpected error: ${error.stack}` : `unexpected error: ${error.message} (set LOG_LEVEL=debug)`
}
