import { hash } from 'node:crypto'
import type { Work } from '../../db/database.ts'
import { canonical } from '../identifiers.ts'
import { type Draft, draftOf } from './draft.ts'
import { createKeys } from './keys.ts'
import type { ForeignUser, ImportRules } from './source.ts'
import type { ImportStatements } from './statements.ts'

/** What becomes of a user of another system. */
export type Verdict =
  | { outcome: 'import'; draft: Draft }
  /** Imported before; `stranger` goes by another name and another address here. */
  | { outcome: 'unchanged'; stranger: boolean }
  /** Imported before, and gone: the owner of the account did not want it any more. */
  | { outcome: 'deleted' }
  | { outcome: 'refuse'; draft: Draft; reasons: string[] }

const SHORT_ID = /^\w{1,12}$/

/**
 * Decides about users one by one, after each was shown to it: nobody is imported whose id, name or address in canonical
 * form is that of another one in the file or in the database.
 */
export function createJudge(statements: ImportStatements, rules: ImportRules) {
  const ids = createKeys()
  const names = createKeys()
  const derivedNames = createKeys()
  const addresses = createKeys()

  const related = (draft: Draft, username: string) =>
    statements.related(draft.legacyId, canonical(username), keyOf(draft.email))

  /** The first name that is free for somebody who never had one; undefined when none is. */
  function* freeName({ username, legacyId }: Draft): Work<string | undefined> {
    const long = `${username}-${SHORT_ID.test(legacyId) ? legacyId : hash('sha256', legacyId).slice(0, 8)}`
    for (const name of [username, long]) {
      const key = canonical(name)
      const meant = name === username ? derivedNames.hasTwice(key) : derivedNames.has(key)
      const found = meant || names.has(key) ? undefined : yield* statements.related('', key, null)
      if (found?.length === 0) return name
    }
    return undefined
  }

  return {
    /** Takes note of a user. */
    *show(user: ForeignUser): Work<void> {
      const draft = draftOf(user, rules)
      const key = canonical(draft.username)
      if (draft.derived) derivedNames.add(key)
      const found = yield* related(draft, draft.username)
      // Who was imported before keeps what is in the database, whatever the file says.
      if (found.some(({ legacyId }) => legacyId === draft.legacyId)) return
      if (yield* statements.isDeleted(draft.legacyId)) return
      ids.add(draft.legacyId)
      if (!draft.derived) names.add(key)
      if (draft.email !== null) addresses.add(canonical(draft.email))
    },
    /** To be called when all were shown. */
    seal(): void {
      for (const keys of [ids, names, derivedNames, addresses]) keys.seal()
    },
    /** Decides about a user that was shown. */
    *decide(user: ForeignUser): Work<Verdict> {
      const draft = draftOf(user, rules)
      const [nameKey, addressKey] = [canonical(draft.username), keyOf(draft.email)]
      const found = yield* related(draft, draft.username)
      const own = found.find(({ legacyId }) => legacyId === draft.legacyId)
      if (own) {
        const sameName = !draft.derived && own.usernameKey === nameKey
        return { outcome: 'unchanged', stranger: !sameName && (addressKey === null || own.emailKey !== addressKey) }
      }
      if (yield* statements.isDeleted(draft.legacyId)) return { outcome: 'deleted' }
      const reasons = [...draft.reasons]
      if (ids.hasTwice(draft.legacyId)) reasons.push('id: Another one in this file has it too.')
      if (addressKey !== null && addresses.hasTwice(addressKey))
        reasons.push(`email: Another one in this file has ${quoted(addressKey)} too; case does not count.`)
      if (found.some(({ emailKey }) => emailKey !== null && emailKey === addressKey))
        reasons.push(`email: ${quoted(addressKey)} is that of a user of Postern already.`)
      if (!draft.derived && names.hasTwice(nameKey))
        reasons.push(
          `username: Another one in this file is ${quoted(nameKey)} too; case and Unicode form do not count.`
        )
      if (!draft.derived && found.some(({ usernameKey }) => usernameKey === nameKey))
        reasons.push(`username: ${quoted(nameKey)} is a user of Postern already.`)
      if (!draft.derived || reasons.length > 0) return verdict(draft, reasons)
      const username = yield* freeName(draft)
      if (username) return verdict({ ...draft, username }, [])
      return verdict(draft, [`username: Neither ${quoted(nameKey)} nor that with the id behind is free.`])
    }
  }
}

const verdict = (draft: Draft, reasons: string[]): Verdict =>
  reasons.length > 0 ? { outcome: 'refuse', draft, reasons } : { outcome: 'import', draft }

const keyOf = (email: string | null): string | null => (email === null ? null : canonical(email))
const quoted = (key: string | null): string => JSON.stringify(key)
