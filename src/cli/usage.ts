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

/** The options of a command. Throws UsageError. */
export function readValues({ name, options }: Command, args: string[]): Values & { help?: boolean } {
  const config: ParseArgsOptionsConfig = { ...options, ...HELP }
  try {
    return parseArgs({ args: args.slice(name.split(' ').length), options: config, strict: true }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first sentence; what follows explains how a value could start with a dash.
    const [problem] = error.message.split(/\. |\n/)
    const known = [...Object.keys(config)].map(option => `--${option}`).join(', ')
    throw new UsageError(`${name}: ${problem}. Options: ${known}`, { cause: error })
  }
}
