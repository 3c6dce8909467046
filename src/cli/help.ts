import { version } from '../version.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'

const columns = (rows: Array<readonly [left: string, right: string]>) => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

/** What `postern --help` prints. */
export const help = (): string => `Postern ${version}: authentication beside your application.

Usage: postern COMMAND [OPTIONS]

${columns(commands.map(({ name, summary }) => [name, summary]))}

Options:
${columns([
  ['-h, --help', 'tell what there is, also of one command: postern user create --help'],
  ['--version', 'print the version']
])}

Settings are environment variables, such as PORT and DATABASE_URL; the README lists them.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`

/** What `postern COMMAND --help` prints. */
export function helpOf({ name, operand, summary, details, options }: Command): string {
  const rows = Object.entries(options).map(
    ([option, { placeholder, description }]) =>
      [`    --${option}${placeholder ? ` ${placeholder}` : ''}`, description] as const
  )
  return `Usage: postern ${name}${operand ? ` ${operand}` : ''}${rows.length > 0 ? ' [OPTIONS]' : ''}

${summary}.${details ? `\n${details}` : ''}

Options:
${columns([...rows, ['-h, --help', 'tell what there is']])}
`
}
