import { existsSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { type Config, databaseFile, readEnvironment, resolveConfig } from '../config.ts'
import { sealKey, sealKeys } from '../core/audit-chain.ts'
import type { TrailEvent, TrailFilter } from '../core/audit-trail.ts'
import { type TrailKeys, type Verdict, verifyTrail } from '../core/audit-verification.ts'
import { openSecrets } from '../core/secrets.ts'
import { inspectAudit } from '../db/inspect-audit.ts'
import { inspectDatabase } from '../db/inspect-database.ts'
import { inspectTables } from '../db/reader.ts'
import { StartError } from '../errors.ts'
import { UsageError, type Values } from './command.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Checks the audit trail against its seals and prints what came of it; 1 when it was tampered with. Changes nothing. */
export async function verifyAudit({ json, key, head }: Values): Promise<number> {
  if (key !== undefined && !sealKey(key))
    throw new UsageError('--key: a public key is needed, as audit verify prints it')
  const config = resolveConfig(readEnvironment(process.env))
  const file = databaseFile(config)
  if (file !== undefined && !existsSync(file))
    throw new StartError(`DATABASE_URL: there is no file ${file}, so there is nothing to verify.`)
  const keys = await keysOf(config, key)
  const verdict = await inspectDatabase(config.databaseUrl, function* (reader) {
    if ((yield* inspectTables(reader)).applied === 0) return undefined
    return yield* verifyTrail(yield* inspectAudit(reader), { ...keys, head })
  })
  if (!verdict)
    throw new StartError('DATABASE_URL: the database has no tables of Postern, so there is nothing to verify.')
  await print(json ? [JSON.stringify(wire(verdict, keys))] : tell(verdict, keys))
  return verdict.tampering ? 1 : 0
}

async function keysOf(config: Config, key: string | undefined): Promise<TrailKeys> {
  if (key !== undefined) return { kid: key }
  // As if it were in use: a new secret could not verify anything.
  const { auditSealSeed, auditMacKey } = await openSecrets(config, true)
  return { kid: sealKeys(auditSealSeed).kid, macKey: auditMacKey }
}

const wire = ({ tampering, ...verdict }: Verdict, { kid }: TrailKeys) => ({
  intact: tampering === undefined,
  rows: verdict.rows,
  seals: verdict.seals,
  unsealed: verdict.unsealed,
  sealed_at: iso(verdict.sealedAt),
  head: verdict.head,
  key: kid,
  tampering: tampering ? { what: tampering.what, id: tampering.id ?? null, at: iso(tampering.at) } : null
})

function* tell(
  { rows, seals, head, sealedAt, unsealed, tampering }: Verdict,
  { kid, macKey }: TrailKeys
): Generator<string> {
  if (tampering) {
    const where = tampering.id === undefined ? '' : ` (row ${tampering.id}, ${iso(tampering.at) ?? 'at no time'})`
    yield `TAMPERED: ${tampering.what}${where}.`
    yield `Before that, ${rows} rows and ${seals} seals were looked at.`
    return
  }
  yield `Intact: ${rows} rows, ${seals} seals, ${unsealed} rows not sealed yet.`
  if (!macKey && unsealed > 0) yield 'Without the master secret nobody can tell who wrote the rows that are not sealed.'
  yield `key   ${kid}`
  if (head) yield `head  ${head}  ${iso(sealedAt)}`
}

/** A moment that was tampered with may be none. */
const iso = (time: number | null | undefined): string | null => {
  const date = new Date(typeof time === 'number' ? time : Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** Prints events, newest first, while reading: any number of them fits. */
export async function listAudit({ user, event, since, json }: Values): Promise<undefined> {
  const after = since === undefined ? undefined : Date.parse(since)
  if (Number.isNaN(after)) throw new UsageError('--since: a time is needed, such as 2026-01-31 or 2026-01-31T12:00:00Z')
  await withService(async ({ core }) => {
    const known: readonly string[] = core.auditTrail.events
    if (event !== undefined && !known.includes(event))
      throw new UsageError(`--event: there is no event "${event}". Events: ${known.join(', ')}`)
    const filter = { userId: user === undefined ? undefined : await idOf(core, user), event, since: after }
    await print(lines(core, filter, json))
  })
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

/** The id of a user by name or address. An id stands for itself: its user may be gone. */
async function idOf({ users }: FastifyInstance['core'], name: string): Promise<string> {
  if (UUID.test(name)) return name
  return (await users.demandByName(name)).id
}

async function* lines(
  { auditTrail }: FastifyInstance['core'],
  filter: TrailFilter,
  json = false
): AsyncGenerator<string> {
  if (!json) yield line('AT', 'EVENT', 'USER', 'IP', 'DETAIL')
  let cursor: string | null | undefined
  do {
    const { events, next } = await auditTrail.page(filter, cursor ?? undefined)
    for (const event of events) yield json ? JSON.stringify(event) : tableLine(event)
    cursor = next
  } while (cursor !== null)
}

const tableLine = ({ at, event, user_id, ip, detail }: TrailEvent): string =>
  line(at, event, user_id ?? '-', ip ?? '-', Object.keys(detail).length > 0 ? JSON.stringify(detail) : '')

const line = (at: string, event: string, user: string, ip: string, detail: string): string =>
  row([
    [at, 24],
    [event, 27],
    [user, 36],
    [ip, 15],
    [detail, 0]
  ])
