import type { ForeignToken, ForeignUser } from '../core/user-import/source.ts'
import { areOfUsers, ignoredColumns } from './columns.ts'
import type { TextFile } from './file.ts'
import { groupsOf } from './groups.ts'
import type { JsonRow, ReadJson } from './json.ts'
import { fileProblem } from './problem.ts'
import type { OpenSource } from './source.ts'

const GROUP = 'auth.group'
const OUTSTANDING = 'token_blacklist.outstandingtoken'
const BLACKLISTED = 'token_blacklist.blacklistedtoken'

/** One object of a fixture, as `manage.py dumpdata` writes it. */
interface Entry {
  model: string
  pk: unknown
  fields: Record<string, unknown>
}

/** Whether a JSON object is one of a fixture. */
export const isEntry = (value: Record<string, unknown>): boolean =>
  typeof value.model === 'string' && typeof value.fields === 'object' && value.fields !== null

/**
 * Users and revoked refresh tokens from a fixture, in whatever order its objects stand. `model` says which model users
 * have, where there are several. Throws `validation_failed`.
 */
export async function openFixture(file: TextFile, read: ReadJson, model?: string): Promise<OpenSource> {
  const userModels = new Map<string, string[]>()
  const groups = new Map<string, string>()
  const revoked = new Set<string>()
  let others = 0

  for await (const row of read(file)) {
    const { model: name, pk, fields } = entryOf(row, file.path)
    if (name === GROUP) groups.set(String(pk), String(fields.name))
    else if (name === BLACKLISTED) revoked.add(String(fields.token))
    else if (name !== OUTSTANDING) others += 1
    if (!userModels.has(name) && (name === model?.toLowerCase() || isUser(fields)))
      userModels.set(name, Object.keys(fields))
  }
  const wanted = chosen(file.path, [...userModels.keys()], model?.toLowerCase(), others > 0)

  return {
    async *users(): AsyncGenerator<ForeignUser> {
      for await (const row of read(file)) {
        const { model: name, pk, fields } = entryOf(row, file.path)
        if (name !== wanted) continue
        yield { place: row.place, values: { ...fields, id: pk }, groups: groupsOf(fields.groups, groups) }
      }
    },
    async *revokedTokens(): AsyncGenerator<ForeignToken> {
      if (revoked.size === 0) return
      for await (const row of read(file)) {
        const { model: name, pk, fields } = entryOf(row, file.path)
        if (name !== OUTSTANDING || !revoked.has(String(pk))) continue
        yield { place: row.place, jti: fields.jti, expiresAt: fields.expires_at }
      }
    },
    ignored: ignoredColumns((wanted && userModels.get(wanted)) || []),
    share: file.share,
    close() {}
  }
}

// Every user model of Django has `last_login` beside the password; some other models have a password, too.
const isUser = (fields: Record<string, unknown>): boolean =>
  'last_login' in fields && areOfUsers([...Object.keys(fields), 'id'])

function entryOf({ value, place }: JsonRow, path: string): Entry {
  if (isEntry(value)) return { ...(value as unknown as Entry), model: (value.model as string).toLowerCase() }
  throw fileProblem(`${path} is no fixture of Django: ${place.unit} ${place.number} has no model and fields.`)
}

function chosen(path: string, found: string[], wanted: string | undefined, needed: boolean): string | undefined {
  if (wanted !== undefined) {
    if (found.includes(wanted)) return wanted
    throw fileProblem(`${path} has nothing of the model ${wanted}.`)
  }
  if (found.length > 1)
    throw fileProblem(`${path} has users of several models; choose with --table: ${found.join(', ')}.`)
  if (found.length === 0 && needed)
    throw fileProblem(`${path} has no model with username (or email), password and last_login, so no users.`)
  return found[0]
}
