import { columns } from './columns.sqlite.ts'
import { defineTables } from './schema.ts'

export const {
  users,
  sessions,
  revokedJti,
  signingKeys,
  oneTimeTokens,
  auditEvents,
  statusEntries,
  clients,
  mails,
  auditSeals,
  loginFailures,
  knownDevices
} = defineTables(columns)
