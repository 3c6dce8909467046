import { type Database, UniqueViolation, type Work } from '../db/database.ts'
import type { Audit } from './audit.ts'
import type { Clock } from './clock.ts'
import { inBatches } from './user-import/batches.ts'
import { createJudge, type Verdict } from './user-import/judge.ts'
import type { ForeignUser, ImportRules, ImportSource, Refusal } from './user-import/source.ts'
import { createImportStatements } from './user-import/statements.ts'
import { createTokenImport } from './user-import/tokens.ts'

/** How an import goes about it, and who wants to know how far it is. */
export interface ImportRun {
  rules: ImportRules
  /** Whether nothing at all is written. */
  dryRun: boolean
  /** Whether the others are imported when some are refused. */
  skipRefused: boolean
  refused(refusal: Refusal): void
  progress(phase: 'read' | 'check' | 'write', users: number): void
}

/** What came of an import: how many users, and how many tokens that are refused now. */
export interface ImportOutcome {
  /** Whether anything could be written. Otherwise the numbers say what would have been. */
  written: boolean
  imported: number
  /** Imported before. */
  unchanged: number
  /** Of those: who goes by another name and another address than in the file. */
  strangers: number
  /** Imported before, and deleted here by their owners since. */
  deleted: number
  refused: number
  /** Who got a name, because the address was the name. */
  named: number
  revokedTokens: number
}

type Tally = Omit<ImportOutcome, 'written'>

const emptyTally = (): Tally => ({
  imported: 0,
  unchanged: 0,
  strangers: 0,
  deleted: 0,
  refused: 0,
  named: 0,
  revokedTokens: 0
})

export type UserImport = ReturnType<typeof createUserImport>

/** How users of another system become users of this one, with their passwords and without another login. */
export function createUserImport(db: Database, audit: Audit, now: Clock) {
  const statements = createImportStatements(db)
  const tokens = createTokenImport(db, audit, statements, now)

  return {
    /**
     * Imports whom it does not have yet. The whole source is read and checked before anything is written, and nothing is
     * when somebody must be refused, unless those are to be skipped. Written is in transactions of some hundred users;
     * an import that was interrupted is completed by another one.
     */
    async run(source: ImportSource, run: ImportRun): Promise<ImportOutcome> {
      const judge = createJudge(statements, run.rules)
      const refusedPlaces = new Set<number>()

      function refuse(user: ForeignUser, { draft, reasons }: Extract<Verdict, { outcome: 'refuse' }>): void {
        refusedPlaces.add(user.place.number)
        const name = draft.derived ? (draft.email as string) : draft.username
        run.refused({ place: user.place, id: draft.legacyId, name, reasons })
      }

      /** What becomes of one user; who is refused is told when the transaction is over, for it may have to be run again. */
      function* settle(user: ForeignUser, tally: Tally, later: Array<() => void>, write: boolean): Work<void> {
        const verdict = yield* judge.decide(user)
        if (verdict.outcome === 'unchanged') {
          tally.unchanged += 1
          tally.strangers += Number(verdict.stranger)
          return
        }
        if (verdict.outcome === 'deleted') {
          tally.deleted += 1
          return
        }
        if (verdict.outcome === 'refuse') {
          tally.refused += 1
          later.push(() => refuse(user, verdict))
          return
        }
        if (write) yield* statements.add(verdict.draft, new Date(now()))
        tally.imported += 1
        tally.named += Number(verdict.draft.derived)
      }

      await inBatches(source.users(), async (batch, before) => {
        await db.read(each(batch, judge.show))
        run.progress('read', before + batch.length)
      })
      judge.seal()

      const found = emptyTally()
      await inBatches(source.users(), async (batch, before) => {
        const later: Array<() => void> = []
        await db.read(each(batch, user => settle(user, found, later, false)))
        for (const tell of later) tell()
        run.progress('check', before + batch.length)
      })
      const checked = await tokens.check(source, run.refused)
      found.refused += checked.refused
      found.revokedTokens = checked.good
      if (run.dryRun || (found.refused > 0 && !run.skipRefused)) return { ...found, written: false }

      // Refusing comes first: a revoked token must not be good for a moment while its user is here already.
      const done = { ...emptyTally(), refused: found.refused, revokedTokens: await tokens.write(source) }
      await inBatches(source.users(), async (batch, before) => {
        const wanted = batch.filter(({ place }) => !refusedPlaces.has(place.number))
        const write = () =>
          db.write(function* () {
            const tally = emptyTally()
            const later: Array<() => void> = []
            for (const user of wanted) yield* settle(user, tally, later, true)
            if (tally.imported > 0) yield* audit.record({ event: 'user_imported', detail: { users: tally.imported } })
            return { tally, later }
          })
        // Somebody else took a name of the batch between question and answer: whoever wants it is refused the second time.
        const { tally, later } = await write().catch(error =>
          error instanceof UniqueViolation ? write() : Promise.reject(error)
        )
        for (const tell of later) tell()
        for (const name of Object.keys(tally) as Array<keyof Tally>) done[name] += tally[name]
        run.progress('write', before + batch.length)
      })
      return { ...done, written: true }
    }
  }
}

function* each<Item>(items: Item[], work: (item: Item) => Work<void>): Work<void> {
  for (const item of items) yield* work(item)
}
