import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { type Command, UsageError, type Values } from './command.ts'
import { commands } from './commands.ts'

const HELP = { help: { type: 'boolean', short: 'h' } } as const

/** The command that the first words name. Throws UsageError. */
export function findCommand(args: string[]): Command {
  const found = commands.find(({ name }) => name.split(' ').every((word, at) => args[at] === word))
  if (found) return found
  const [first = '', second = ''] = args.map(word => (word.startsWith('-') ? '' : word))
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  const names = (group.length > 0 ? group : commands).map(({ name }) => name).join(', ')
  if (first === '') throw new UsageError(`a command comes first, not ${args[0]}. Commands: ${names}`)
  if (group.length === 0) throw new UsageError(`there is no command "${first}". Commands: ${names}`)
  if (second === '') throw new UsageError(`"${first}" what? Commands: ${names}`)
  throw new UsageError(`there is no command "${first} ${second}". Commands: ${names}`)
}

/** The options of a command, and its operand (empty when it has none). Throws UsageError. */
export function readValues(
  { name, operand, options }: Command,
  args: string[]
): { values: Values & { help?: boolean }; operand: string } {
  const config: ParseArgsOptionsConfig = { ...options, ...HELP }
  try {
    const rest = args.slice(name.split(' ').length)
    const allowPositionals = operand !== undefined
    const { values, positionals } = parseArgs({ args: rest, options: config, strict: true, allowPositionals })
    if (operand && !('help' in values) && positionals.length !== 1)
      throw new UsageError(`${name}: one ${operand} is needed`)
    return { values, operand: positionals[0] ?? '' }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first sentence; what follows explains how a value could start with a dash.
    const [problem] = error.message.split(/\. |\n/)
    const known = [...Object.keys(config)].map(option => `--${option}`).join(', ')
    throw new UsageError(`${name}: ${problem}. Options: ${known}`, { cause: error })
  }
}
