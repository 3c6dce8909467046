import { setFlagsFromString } from 'node:v8'
import { databaseFile, readEnvironment, resolveConfig } from '../config.ts'
import { createAudit } from '../core/audit.ts'
import { roleProblem } from '../core/roles.ts'
import { openSecrets } from '../core/secrets.ts'
import { hasSigningKeys } from '../core/signing-key-rows.ts'
import type { ImportRules } from '../core/user-import/source.ts'
import { createUserImport, type ImportOutcome, type UserImport } from '../core/user-import.ts'
import { makeDataFolders } from '../data-folder.ts'
import { openDatabase } from '../db/open.ts'
import { StartError } from '../errors.ts'
import { type Format, formats, openSource } from '../import/open.ts'
import { UsageError, type Values } from './command.ts'
import { showProgress } from './import-progress.ts'
import { openReport } from './import-report.ts'
import { operator } from './operator.ts'
import { print } from './print.ts'

/** Imports the users of a file and prints what came of it; 1 when somebody was refused. */
export async function importUsers(values: Values, path: string): Promise<number> {
  // Most of what an import allocates is garbage at once; V8 would let hundreds of megabytes of it lie about.
  setFlagsFromString('--optimize-for-size')
  const rules = rulesOf(values)
  const source = await openSource(path, { format: formatOf(values.format), table: values.table })
  try {
    const report = openReport(values.report)
    const outcome = await withImport(async userImport => {
      const progress = showProgress(source.share)
      try {
        return await userImport.run(source, {
          rules,
          dryRun: values['dry-run'] ?? false,
          skipRefused: values['skip-refused'] ?? false,
          refused: report.add,
          progress: progress.show
        })
      } finally {
        progress.end()
        report.end()
      }
    })
    const summary = { ...outcome, ignored: source.ignored }
    await print(values.json ? [JSON.stringify(wire(summary))] : tell(summary, values['dry-run'] ?? false))
    return outcome.refused > 0 ? 1 : 0
  } finally {
    source.close()
  }
}

/** Only the database and the secret are opened, and not the service: neither its keys nor its memory are needed. */
async function withImport<T>(work: (userImport: UserImport) => Promise<T>): Promise<T> {
  const config = resolveConfig(readEnvironment(process.env))
  if (databaseFile(config) === ':memory:')
    throw new StartError('DATABASE_URL is sqlite::memory:, where no user stays; name a file.')
  await makeDataFolders(config)
  const db = await openDatabase(config.databaseUrl, config.databasePool)
  try {
    const audit = createAudit(db, await openSecrets(config, await hasSigningKeys(db)), Date.now)
    audit.actAs(operator())
    return await work(createUserImport(db, audit, Date.now))
  } finally {
    await db.close()
  }
}

function formatOf(format: string | undefined): Format | undefined {
  const found = formats.find(name => name === format)
  if (format !== undefined && !found) throw new UsageError(`user import: --format is one of ${formats.join(', ')}`)
  return found
}

function rulesOf(values: Values): ImportRules {
  return {
    staffRole: roleOf('--role-for-staff', values['role-for-staff'] ?? 'staff'),
    superuserRole: roleOf('--role-for-superuser', values['role-for-superuser'] ?? 'admin'),
    groupRoles: new Map(
      (values.group ?? []).map(pair => {
        // The role cannot hold a =, the name of the group can.
        const at = pair.lastIndexOf('=')
        if (at < 1) throw new UsageError(`user import: --group is GROUP=ROLE, not ${pair}`)
        return [pair.slice(0, at), roleOf('--group', pair.slice(at + 1))]
      })
    ),
    emailVerified: values['email-verified'] ?? false
  }
}

/** A role, or none where the text is empty. */
function roleOf(option: string, role: string): string | undefined {
  if (role === '') return undefined
  const problem = roleProblem(role)
  if (problem) throw new UsageError(`user import: ${option} ${role}: ${problem}`)
  return role
}

type Summary = ImportOutcome & { ignored: string[] }

const wire = ({
  written,
  imported,
  unchanged,
  strangers,
  deleted,
  refused,
  named,
  revokedTokens,
  ignored
}: Summary) => ({
  written,
  imported,
  unchanged,
  unchanged_under_other_name: strangers,
  deleted_here: deleted,
  refused,
  named_after_address: named,
  blacklisted_tokens: revokedTokens,
  ignored_columns: ignored
})

function* tell(summary: Summary, dryRun: boolean): Generator<string> {
  const { written, imported, unchanged, strangers, deleted, refused, named, revokedTokens, ignored } = summary
  yield `${written ? 'Imported' : 'Could be imported'}  ${imported}`
  yield `Unchanged  ${unchanged}`
  yield `Refused    ${refused}`
  yield `Blacklisted tokens  ${revokedTokens}`
  if (named > 0)
    yield `The user name of ${named} was the address: the part before the @ is the name now, and the address logs in as before.`
  if (strangers > 0)
    yield `Of the unchanged, ${strangers} have another name and another address here. Are they from the same service?`
  if (deleted > 0) yield `Not imported again: ${deleted} who deleted the account here.`
  if (ignored.length > 0) yield `Ignored columns: ${ignored.join(', ')}.`
  if (written) return
  if (dryRun) yield 'Nothing was written: this was a dry run.'
  else yield 'Nothing was written. Correct what was refused and run it again, or leave it out with --skip-refused.'
}
