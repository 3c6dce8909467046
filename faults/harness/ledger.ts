import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { type Answer, isDone, isRefused } from './client.ts'
import { type Breach, type Entry, expect, type KnownUser, type Operation, refuse, take } from './knowledge.ts'

export type Ledger = ReturnType<typeof openLedger>

/** What was found to be broken, by kind. */
export type Breaches = Record<Breach, string[]>

/**
 * Opens a ledger of what was sent and what was acknowledged: lines of JSON that are only ever appended, read again when
 * the file is there already. Without a file it lives in memory.
 */
export function openLedger(file?: string) {
  const users = new Map<string, KnownUser>()
  const operations = new Map<number, Operation>()
  let breaches = noBreaches()
  let position = 0
  let acknowledged = 0
  for (const line of linesOf(file)) learn(JSON.parse(line))
  const descriptor = file && openSync(file, 'a')

  function note(entry: Entry): void {
    if (descriptor) writeSync(descriptor, `${JSON.stringify(entry)}\n`)
    learn(entry)
  }

  function learn(entry: Entry): void {
    if ('breach' in entry) breaches[entry.breach].push(entry.text)
    else if ('sent' in entry) ask(entry.n, entry.at, entry.sent)
    else {
      const user = users.get(operations.get(entry.n)?.user ?? '')
      if (user && 'applied' in entry) settle(user, entry.applied)
      else if (user && 'status' in entry) answer(user, entry.n, entry)
    }
  }

  function ask(n: number, at: number, operation: Operation): void {
    position = Math.max(position, n)
    operations.set(n, operation)
    expect(users, n, at, operation)
  }

  function answer(user: KnownUser, n: number, answer: { status: number; access?: string; refresh?: string }): void {
    const operation = operations.get(n) as Operation
    const known = { ...answer, body: {}, ms: 0 }
    if (user.pending?.n !== n) operations.delete(n)
    if (isDone(known)) {
      acknowledged += 1
      take(user, n, operation, answer)
    }
    if (isRefused(known)) refuse(user, n, operation)
    if (user.pending?.n === n && (isDone(known) || isRefused(known))) forget(user)
  }

  function settle(user: KnownUser, applied: boolean): void {
    if (user.pending && applied) take(user, user.pending.n, user.pending.operation, {})
    forget(user)
  }

  function forget(user: KnownUser): void {
    if (user.pending) operations.delete(user.pending.n)
    user.pending = undefined
  }

  return {
    /** Everybody that is known, by name. */
    users: users as ReadonlyMap<string, KnownUser>,
    /** Notes what is about to be sent and gives it its number. */
    sent(operation: Operation): number {
      note({ n: position + 1, at: Date.now(), sent: operation })
      return position
    },
    answered(n: number, { status, body }: Answer): void {
      const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
      note({ n, at: Date.now(), status, access: text(body.access), refresh: text(body.refresh) })
    },
    /** Notes whether the pending change of a user was made. */
    settled({ pending }: KnownUser, applied: boolean): void {
      if (pending) note({ n: pending.n, at: Date.now(), applied })
    },
    breach: (breach: Breach, text: string) => note({ at: Date.now(), breach, text }),
    /** What was found to be broken since this was last asked. */
    takeBreaches(): Breaches {
      const taken = breaches
      breaches = noBreaches()
      return taken
    },
    /** The number of the newest operation. */
    position: () => position,
    acknowledged: () => acknowledged,
    close(): void {
      if (descriptor) closeSync(descriptor)
    }
  }
}

const noBreaches = (): Breaches => ({ lost: [], resurrected: [], duplicated: [], half: [], unexpected: [] })

/** The lines of a file; the last one may be cut off when the harness was killed. */
function linesOf(file: string | undefined): string[] {
  if (!file || !existsSync(file)) return []
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}
