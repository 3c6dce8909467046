/** The options of all commands. */
export interface Values {
  username?: string
  email?: string
  role?: string[]
  profile?: string
  scope?: string[]
  json?: boolean
  force?: boolean
  format?: string
  table?: string
  group?: string[]
  report?: string
  user?: string
  event?: string
  since?: string
  key?: string
  head?: string
  from?: string
  to?: string
  'dry-run'?: boolean
  'skip-refused'?: boolean
  'email-verified'?: boolean
  'role-for-staff'?: string
  'role-for-superuser'?: string
}

/** An option as node:util parseArgs takes it, and what its help says. */
export interface Option {
  type: 'string' | 'boolean'
  multiple?: boolean
  /** Stands for the value in the help. */
  placeholder?: string
  description: string
}

/** One command of `postern`. */
export interface Command {
  /** One word or two. */
  name: string
  summary: string
  details?: string
  /** Stands for the one argument that the command needs beside its options. */
  operand?: string
  options: { [name in keyof Values]?: Option }
  /** Gives the exit code; nothing means 0. */
  run(values: Values, operand: string): Promise<number | undefined>
}

/** The command line was typed wrongly; the message names what, and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The option of a command that also writes for programs. */
export const json = (description: string): Option => ({ type: 'boolean', description })
