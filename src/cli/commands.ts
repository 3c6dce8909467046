import { auditCommands } from './audit-commands.ts'
import { type Command, json } from './command.ts'
import { userCommands } from './user-commands.ts'

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
    name: 'migrate-store',
    summary: 'Copy everything from a SQLite file to Postgres, and compare',
    details:
      'Nobody can write to the file meanwhile; stop the service, or it answers 503. The Postgres database must be empty, and\nno service starts on it before the copy is whole. What was interrupted goes on when it is run again. Keys, sessions and\nrevocations come along: with the same master secret nobody has to log in again.',
    options: {
      from: { type: 'string', placeholder: 'URL', description: 'sqlite:PATH' },
      to: { type: 'string', placeholder: 'URL', description: 'postgres://...; DATABASE_URL where it is not given' },
      json: json('print one JSON object a table')
    },
    run: async values => (await import('./migrate-store.ts')).migrateStore(values)
  },
  ...userCommands,
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
      'The key after it is published at once. Tokens of the old key stay valid until they expire. Running servers take\nthe change over within a second. A next key that was published less than ten minutes ago is refused: services with\na copy of the published keys may not know it yet.',
    options: {
      force: { type: 'boolean', description: 'rotate also when the next key was published a moment ago' },
      json: json('print one JSON object a line')
    },
    run: async values => (await import('./keys.ts')).rotateKeys(values)
  },
  {
    name: 'keys revoke',
    summary: 'Refuse every access token and make new keys, after a leak',
    details:
      'All keys are forgotten, and running servers refuse their tokens within a second; services that check tokens by\nthemselves do when their copy of the published keys is five minutes old. Clients go on with a refresh. A key that only\ngrew old is better rotated.',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./keys.ts')).revokeKeys(values)
  },
  {
    name: 'client create',
    summary: 'Register a service that asks about tokens or gets its own',
    details:
      'NAME is for people. The secret is printed this once; only a hash of it is kept. With scopes the client gets access\ntokens of its own at /oauth/token that hold no others.',
    operand: 'NAME',
    options: {
      scope: {
        type: 'string',
        multiple: true,
        placeholder: 'SCOPE',
        description: 'a scope; give it once for each scope'
      },
      json: json('print the client as JSON')
    },
    run: async (values, name) => (await import('./clients.ts')).createClient(values, name)
  },
  {
    name: 'client list',
    summary: 'List all registered clients, oldest first',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./clients.ts')).listClients(values)
  },
  {
    name: 'client rotate-secret',
    summary: 'Give a client another secret',
    details:
      'ID is the client_id. The old secret is refused at once; tokens that the client got with it stay valid until they\nexpire.',
    operand: 'ID',
    options: { json: json('print the client as JSON') },
    run: async (values, id) => (await import('./clients.ts')).rotateSecret(values, id)
  },
  {
    name: 'client delete',
    summary: 'Delete a client, and refuse its tokens',
    details: 'ID is the client_id. Running servers refuse the tokens that it has within a second.',
    operand: 'ID',
    options: {},
    run: async (_values, id) => (await import('./clients.ts')).deleteClient(id)
  },
  {
    name: 'session revoke-all',
    summary: 'End every session of a user',
    details:
      'USER is a username or an e-mail address. Running servers refuse the refresh tokens at once and the access tokens\nwithin a second. The user can log in again.',
    operand: 'USER',
    options: {},
    run: async (_values, user) => (await import('./sessions.ts')).revokeSessions(user)
  },
  {
    name: 'session revoke-everyone',
    summary: 'Refuse every token and mailed link of everybody',
    details:
      'After a restore, or a theft whose extent nobody knows: nothing that was issued before is good any more. Ends every\nsession, makes the signing keys anew, and voids all mailed links and codes, invitations too. Accounts, passwords and\nclients stay as they are. Running servers follow within a second.',
    options: { json: json('print the numbers as JSON') },
    run: async values => (await import('./sessions.ts')).revokeEveryone(values)
  },
  ...auditCommands,
  {
    name: 'backup',
    summary: 'Copy the database into a file, beside a running server too',
    details:
      'FILE holds what was committed before the command began; it appears under its name when it is complete, sound and on\nthe disk. The master secret is not in it. docs/backup.md says how to restore, and what comes back.',
    operand: 'FILE',
    options: {
      force: { type: 'boolean', description: 'replace FILE if it exists' },
      json: json('print the result as JSON')
    },
    run: async (values, file) => (await import('./backup.ts')).backup(values, file)
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
