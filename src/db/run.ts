import { StoreUnavailable, type Work } from './database.ts'
import { translate } from './faults.ts'

interface Prepared {
  all(values: Record<string, unknown>): unknown[]
}

/**
 * Runs work to its end without leaving the stack. A broken constraint is thrown into the work, which may catch it; a
 * failure of the store ends the work (its `finally` blocks run) and is thrown here as `StoreUnavailable`.
 */
export function run<T>(work: Work<T>): T {
  let step = work.next()
  while (!step.done) {
    let rows: unknown[]
    try {
      const { statement, values } = step.value
      rows = (statement as Prepared).all(values)
    } catch (error) {
      const fault = translate(error)
      if (fault instanceof StoreUnavailable) throw abandon(work, fault)
      step = work.throw(fault)
      continue
    }
    step = work.next(rows)
  }
  return step.value
}

// Not thrown into the work: the transaction may be gone already, and what the work did next would run outside of any.
function abandon<T>(work: Work<T>, fault: StoreUnavailable): StoreUnavailable {
  try {
    work.return(undefined as T)
  } catch {
    // What a `finally` block throws says less than the fault that led there.
  }
  return fault
}
