import { type Command, json } from './command.ts'

/** The commands about accounts. What they run is loaded when it is called. */
export const userCommands: readonly Command[] = [
  {
    name: 'user create',
    summary: 'Create a user',
    details:
      'The password is asked for, twice and without echo. When standard input is not a terminal, its first line is the\npassword. It is never an argument: every user of the machine can see those.',
    options: {
      username: { type: 'string', placeholder: 'NAME', description: 'the name to log in with; needed' },
      email: { type: 'string', placeholder: 'ADDRESS', description: 'e-mail address' },
      role: { type: 'string', multiple: true, placeholder: 'ROLE', description: 'a role; give it once for each role' },
      profile: { type: 'string', placeholder: 'JSON', description: 'fields of the profile schema, as a JSON object' },
      json: json('print the user as JSON')
    },
    run: async values => (await import('./users.ts')).createUser(values)
  },
  {
    name: 'user invite',
    summary: 'Invite somebody by mail to make an account',
    details:
      'The link is good for seven days; an earlier one to the same ADDRESS is void. It also works where registration is open\nor closed.',
    operand: 'ADDRESS',
    options: {
      role: { type: 'string', multiple: true, placeholder: 'ROLE', description: 'a role; give it once for each role' }
    },
    run: async (values, address) => (await import('./invitations.ts')).inviteUser(values, address)
  },
  {
    name: 'user list',
    summary: 'List all users, oldest first',
    options: { json: json('print one JSON object a line') },
    run: async values => (await import('./users.ts')).listUsers(values)
  },
  {
    name: 'user disable',
    summary: 'Let a user log in no more',
    details:
      'USER is a username or an e-mail address. Every session ends, as by session revoke-all, and every mailed link is void.',
    operand: 'USER',
    options: { json: json('print the user as JSON') },
    run: async (values, user) => (await import('./users.ts')).setActive(false, values, user)
  },
  {
    name: 'user enable',
    summary: 'Let a disabled user log in again',
    details: 'USER is a username or an e-mail address. What was ended stays so.',
    operand: 'USER',
    options: { json: json('print the user as JSON') },
    run: async (values, user) => (await import('./users.ts')).setActive(true, values, user)
  },
  {
    name: 'user set-role',
    summary: 'Give a user these roles and no others',
    details:
      'USER is a username or an e-mail address. Without --role the user has none. Access tokens show it from their next\nrefresh on.',
    operand: 'USER',
    options: {
      role: { type: 'string', multiple: true, placeholder: 'ROLE', description: 'a role; give it once for each role' },
      json: json('print the user as JSON')
    },
    run: async (values, user) => (await import('./users.ts')).setRoles(values, user)
  },
  {
    name: 'user set-profile',
    summary: 'Change fields of the profile schema of a user',
    details:
      'USER is a username or an e-mail address. Fields that are not named stay; null takes one away. It also writes what is\nreadOnly for users. Access tokens show it from their next refresh on.',
    operand: 'USER',
    options: {
      profile: { type: 'string', placeholder: 'JSON', description: 'the fields to change, as a JSON object; needed' },
      json: json('print the user as JSON')
    },
    run: async (values, user) => (await import('./users.ts')).setProfile(values, user)
  },
  {
    name: 'user import',
    summary: 'Import the users of a Django service',
    details:
      'FILE is a table auth_user as CSV, JSON or JSON lines, a fixture of dumpdata, or a SQLite file of Django. All of it is\nchecked before anything is written, and nothing is when a row is refused. Who was imported before stays as is.',
    operand: 'FILE',
    options: {
      'dry-run': { type: 'boolean', description: 'check everything, write nothing' },
      'skip-refused': { type: 'boolean', description: 'leave refused rows out and import the others' },
      report: { type: 'string', placeholder: 'FILE', description: 'write the refused rows here, as JSON lines' },
      format: {
        type: 'string',
        placeholder: 'FORMAT',
        description: 'csv, json, jsonl, fixture or sqlite; else guessed'
      },
      table: {
        type: 'string',
        placeholder: 'NAME',
        description: 'table or model of the users, where there are several'
      },
      'role-for-staff': { type: 'string', placeholder: 'ROLE', description: 'role of is_staff; without it staff' },
      'role-for-superuser': {
        type: 'string',
        placeholder: 'ROLE',
        description: 'role of is_superuser; without it admin'
      },
      group: {
        type: 'string',
        multiple: true,
        placeholder: 'GROUP=ROLE',
        description: 'role of a group, or none after the =; without it a role of the same name'
      },
      'email-verified': { type: 'boolean', description: 'take all addresses as proven' },
      json: json('print the summary as JSON')
    },
    run: async (values, file) => (await import('./import.ts')).importUsers(values, file)
  }
]
