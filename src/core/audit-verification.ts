import type { KeyObject } from 'node:crypto'
import type { Work } from '../db/database.ts'
import { createChain, FIRST, isSigned, type Seal, sealKey } from './audit-chain.ts'
import { type AuditContent, isCommitted } from './audit-commitments.ts'

/** A row of the trail as it is stored; whatever somebody put there. */
export interface TrailRow extends AuditContent {
  digest: string | null
  salt: string | null
}

/** The trail of one moment. Rows and seals come in the order of their ids, some at a time; nothing after the last. */
export interface Trail {
  /** Up to which row the newest record of a removal says that rows were removed; undefined when none were. */
  purgedThrough: string | undefined
  /** From the one that ends with `purgedThrough` on. */
  nextSeals(): Work<Seal[]>
  /** Those after `purgedThrough`. */
  nextRows(): Work<TrailRow[]>
  hasUsers: boolean
  /** Whether the trail says that the user was deleted, and there is none any more. */
  isDeleted(userId: string): Work<boolean>
  /** How many rows about a user were made anonymous. */
  countAnonymous(userId: string): Work<number>
}

/** With what the trail is checked. */
export interface TrailKeys {
  /** The public key of seals. */
  kid: string
  /** Without it nobody can tell whether Postern wrote a row that no seal covers. */
  macKey?: Buffer | undefined
  /** The hash of a seal that was noted elsewhere, and must be there. */
  head?: string | undefined
}

/** The first place that is not as it was written. `at` is milliseconds since 1970. */
export interface Tampering {
  what: string
  id: string | undefined
  at: number | undefined
}

/** What came of it. Times are milliseconds since 1970. */
export interface Verdict {
  rows: number
  seals: number
  /** Hash of the newest seal: to be noted elsewhere. */
  head: string | null
  sealedAt: number | null
  /** Rows that no seal covers yet. */
  unsealed: number
  tampering: Tampering | undefined
}

/** Checks every seal and row, one after the other: any number of them fits into memory. */
export function* verifyTrail(trail: Trail, { kid, macKey, head }: TrailKeys): Work<Verdict> {
  const verdict: Verdict = { rows: 0, seals: 0, head: null, sealedAt: null, unsealed: 0, tampering: undefined }
  const key = sealKey(kid)
  const seals = createCursor(trail.nextSeals)
  const rows = createCursor(trail.nextRows)
  let isHeadSeen = head === undefined

  /** Takes one row; says what is wrong with it. */
  function* take(row: TrailRow): Work<Tampering | undefined> {
    verdict.rows += 1
    const problem = yield* rowProblem(row, trail, macKey)
    rows.pass()
    return problem === undefined ? undefined : { what: problem, id: row.id, at: row.at }
  }

  /** The rows of one seal. */
  function* takeSealed(seal: Seal, previous: string): Work<Tampering | undefined> {
    const chain = createChain(previous)
    let count = 0
    for (let row = yield* rows.peek(); row && row.id <= seal.throughId; row = yield* rows.peek()) {
      chain.add(row)
      const problem = yield* take(row)
      if (problem) return problem
      count += 1
    }
    const about = { id: seal.throughId, at: seal.at }
    const [some, range] = [
      `${Math.abs(count - seal.rows)} of`,
      'the rows up to and with this one since the seal before'
    ]
    if (count < seal.rows) return { ...about, what: `${some} ${range} were removed` }
    if (count > seal.rows) return { ...about, what: `${some} ${range} were inserted, or the clock was set back` }
    return chain.end() === seal.hash ? undefined : { ...about, what: `${range} are not those that were sealed` }
  }

  function* takeAll(): Work<Tampering | undefined> {
    for (let seal = yield* seals.peek(); seal; seal = yield* seals.peek()) {
      const about = { id: seal.throughId, at: seal.at }
      const isAnchor = verdict.head === null && trail.purgedThrough !== undefined
      if (isAnchor && seal.throughId !== trail.purgedThrough)
        return { ...about, what: 'the seal before this row was removed, or rows were beyond what is on record' }
      if (!isAnchor && seal.id !== (verdict.head ?? FIRST))
        return { ...about, what: 'a seal before the one of this row was removed' }
      if (seal.kid !== kid) return { ...about, what: 'the seal of this row was signed with another key' }
      if (!isIntact(seal, key)) return { ...about, what: 'the seal of this row was changed' }
      const problem = isAnchor ? undefined : yield* takeSealed(seal, verdict.head ?? FIRST)
      if (problem) return problem
      verdict.seals += 1
      verdict.head = seal.hash
      verdict.sealedAt = seal.at
      isHeadSeen ||= seal.hash === head
      seals.pass()
    }
    if (trail.purgedThrough !== undefined && verdict.head === null)
      return { ...nowhere, what: 'all seals were removed' }
    for (let row = yield* rows.peek(); row; row = yield* rows.peek()) {
      const problem = yield* take(row)
      if (problem) return problem
      verdict.unsealed += 1
    }
    if (!isHeadSeen) return { ...nowhere, what: `the seal ${head} is not there: the end of the trail was removed` }
    if (verdict.rows === 0 && trail.hasUsers) return { ...nowhere, what: 'there are users, but all rows were removed' }
    return undefined
  }

  verdict.tampering = yield* takeAll()
  return verdict
}

/** What comes some at a time, one by one. */
function createCursor<T>(nextPage: () => Work<T[]>) {
  let page: T[] = []
  let at = 0
  return {
    *peek(): Work<T | undefined> {
      if (at === page.length) {
        page = yield* nextPage()
        at = 0
      }
      return page[at]
    },
    pass(): void {
      at += 1
    }
  }
}

const nowhere = { id: undefined, at: undefined }

const isIntact = (seal: Seal, key: KeyObject | undefined): boolean => key !== undefined && isSigned(seal, key)

function* rowProblem(row: TrailRow, trail: Trail, macKey: Buffer | undefined): Work<string | undefined> {
  const { digest, salt, userId, ip, detail } = row
  if (digest === null) return 'this row was inserted'
  if (salt === null) {
    const isEmpty = ip === null && JSON.stringify(detail) === '{}'
    const isAnonymous = isEmpty && userId !== null && (yield* trail.isDeleted(userId))
    return isAnonymous ? undefined : 'this row was changed: it is anonymous, but its user was not deleted'
  }
  if (!isCommitted(row, { digest, salt }, macKey)) return 'this row was changed or inserted'
  const isDeletion = row.event === 'user_deleted' && userId !== null
  const { anonymized } = (detail ?? {}) as { anonymized?: number }
  if (isDeletion && (yield* trail.countAnonymous(userId)) > (anonymized ?? 0))
    return 'more rows about this user are anonymous than its deletion made so'
  return undefined
}
