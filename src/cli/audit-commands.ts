import type { Command } from './command.ts'

/** What there is to see of the audit trail. */
export const auditCommands: readonly Command[] = [
  {
    name: 'audit list',
    summary: 'List what happened, newest first',
    options: {
      user: { type: 'string', placeholder: 'USER', description: 'only events about this username, address or id' },
      event: { type: 'string', placeholder: 'EVENT', description: 'only events of this name' },
      since: {
        type: 'string',
        placeholder: 'TIME',
        description: 'only events since then, such as 2026-01-31T12:00:00Z'
      },
      json: { type: 'boolean', description: 'print one JSON object a line' }
    },
    run: async values => (await import('./audit.ts')).listAudit(values)
  },
  {
    name: 'audit verify',
    summary: 'Check that nobody has tampered with the audit trail',
    details:
      'Reads every row and seal, beside a running server too, and names the first place where a row was changed, removed or\ninserted; the exit code is 1 then. Note KEY and HASH elsewhere: with them a later run notices also when the end of the\ntrail was removed, and needs no secret.',
    options: {
      key: { type: 'string', placeholder: 'KEY', description: 'public key of the seals, instead of the master secret' },
      head: {
        type: 'string',
        placeholder: 'HASH',
        description: 'the head of an earlier run, which must still be there'
      },
      json: { type: 'boolean', description: 'print the result as JSON' }
    },
    run: async values => (await import('./audit.ts')).verifyAudit(values)
  }
]
