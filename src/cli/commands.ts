import type { Command, Option } from './command.ts'

const json = (description: string): Option => ({ type: 'boolean', description })

/** Every command. What it runs is loaded when it is called: `--help` opens no database driver. */
export const commands: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Serve HTTP until SIGTERM or SIGINT',
    details: 'Requests in flight are answered before it ends, within 10 seconds. A second signal ends it at once.',
    options: {},
    run: async () => (await import('./serve.ts')).serve()
  },
  {
    name: 'migrate',
    summary: 'Bring the tables of the database up to date',
    details: 'Every start does this too; the command is for those who want it done, and seen, before.',
    options: {},
    run: async () => (await import('./migrate.ts')).migrate()
  },
  {
    name: 'user create',
    summary: 'Create a user',
    details:
      'The password is asked for, twice and without echo. When standard input is not a terminal, its first line is the\npassword. It is never an argument: every user of the machine can see those.',
    options: {
      username: { type: 'string', placeholder: 'NAME', description: 'the name to log in with; needed' },
      email: { type: 'string', placeholder: 'ADDRESS', description: 'e-mail address' },
      role: { type: 'string', multiple: true, placeholder: 'ROLE', description: 'a role; give it once for each role' },
      json: json('print the user as JSON')
    },
    run: async values => (await import('./users.ts')).createUser(values)
  },
  {
    name: 'user list',
    summary: 'List all users, oldest first',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./users.ts')).listUsers(values)
  },
  {
    name: 'keys list',
    summary: 'List the keys that sign access tokens',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./keys.ts')).listKeys(values)
  },
  {
    name: 'keys rotate',
    summary: 'Sign access tokens with the next key from now on',
    details:
      'The key after it is published at once. Tokens of the old key stay valid until they expire. Running servers take\nthe change over within a minute.',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./keys.ts')).rotateKeys(values)
  },
  {
    name: 'doctor',
    summary: 'Check this deployment and say what to do',
    details: 'Changes nothing. Each line is ok, warn or fail; the exit code is 1 when something failed.',
    options: {},
    run: async () => (await import('./doctor.ts')).doctor()
  },
  {
    name: 'openapi',
    summary: 'Print the OpenAPI document',
    options: {},
    run: async () => (await import('./openapi.ts')).openapi()
  }
]
