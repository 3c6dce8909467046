import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { and, asc, gt, sql } from '../db/drizzle.ts'
import { foreignHash } from '../db/schema.ts'
import { verifiableHash } from './foreign-hashes.ts'
import type { Secrets } from './secrets.ts'
import { slot } from './statements.ts'

export type DecoyHashes = ReturnType<typeof createDecoyHashes>

/** Hashes that cost the same to verify. */
interface Kind {
  cost: string
  /** One of them; undefined stands for those that Postern makes. */
  example: string | undefined
  users: number
}

/** Rows that are read at a time: less than a millisecond, in which nothing else is answered. */
const SLICE = 500
const MOST_KINDS = 32

/**
 * What stands in for the hash of a user who does not exist. While users have hashes of another system, some names take
 * longer than others; so do unknown ones then, each name always the same, and as many of them as of the users.
 */
export function createDecoyHashes(db: Database, secrets: Secrets) {
  const { users } = db.tables
  const foreign = db.prepare('decoy_foreign', q =>
    q
      .select({ hash: sql<string>`${users.passwordHash}` })
      .from(users)
      .where(and(foreignHash(users), gt(users.passwordHash, slot('after'))))
      .orderBy(asc(users.passwordHash))
      .limit(SLICE)
  )
  const counted = db.prepare('decoy_counted', q => {
    const slice = q
      .select({ id: users.id, passwordHash: users.passwordHash })
      .from(users)
      .where(gt(users.id, slot('after')))
      .orderBy(asc(users.id))
      .limit(SLICE)
      .as('slice')
    return q
      .select({ last: sql<string | null>`max(${slice.id})`, passwords: sql<number>`count(${slice.passwordHash})` })
      .from(slice)
  })
  let kinds: Kind[] = []

  async function foreignKinds(): Promise<Kind[]> {
    const found = new Map<string, Kind>()
    for (let after = ''; ; await nextTurn()) {
      const rows = await db.read(foreign({ after }))
      for (const { hash } of rows) {
        const cost = verifiableHash(hash)?.cost ?? ''
        const kind = found.get(cost)
        if (kind) kind.users += 1
        else if (cost && found.size < MOST_KINDS) found.set(cost, { cost, example: hash, users: 1 })
      }
      const last = rows.at(-1)
      if (!last) return [...found.values()]
      after = last.hash
    }
  }

  async function passwords(): Promise<number> {
    let sum = 0
    for (let after = ''; ; await nextTurn()) {
      const [slice] = await db.read(counted({ after }))
      if (!slice?.last) return sum
      sum += Number(slice.passwords)
      after = slice.last
    }
  }

  return {
    /** Looks anew which hashes the users have, in slices between which others are answered. */
    async survey(): Promise<void> {
      const found = await foreignKinds()
      if (found.length === 0) {
        kinds = []
        return
      }
      const others = found.reduce((rest, { users }) => rest - users, await passwords())
      kinds = others > 0 ? [...found, { cost: '', example: undefined, users: others }] : found
    },
    /** The hash to verify for a name, in canonical form, that has none; undefined for one that costs what ours do. */
    for(name: string): string | undefined {
      let chosen: Kind | undefined
      let least = Number.POSITIVE_INFINITY
      // Weighted rendezvous hashing: when users move from one kind to another, as few names as possible do.
      for (const kind of kinds) {
        const distance = -Math.log(fraction(secrets.pseudonym(`decoy\0${kind.cost}\0${name}`))) / kind.users
        if (distance >= least) continue
        least = distance
        chosen = kind
      }
      return chosen?.example
    }
  }
}

/** A pseudonym as a number between 0 and 1, both excluded. */
const fraction = (pseudonym: string): number => (Buffer.from(pseudonym, 'base64url').readUIntBE(0, 6) + 0.5) / 2 ** 48
