import type Sqlite from 'better-sqlite3'

/**
 * Reads that share a snapshot: all of one turn of the event loop see the same state, and lock and unlock the file once
 * and not once each, which costs as much as the reading. `end` lets a snapshot go early: whoever writes calls it first,
 * so that a read never sees less than what was committed before it.
 */
export function shareSnapshots(sqlite: Sqlite.Database): { begin: () => void; end: () => void } {
  const begin = sqlite.prepare('BEGIN')
  const commit = sqlite.prepare('COMMIT')
  const rollback = sqlite.prepare('ROLLBACK')
  let open = false

  function end(): void {
    if (!open) return
    open = false
    try {
      // A failed read may have ended it already.
      if (sqlite.open && sqlite.inTransaction) commit.run()
    } catch {
      // Nothing was written, so nothing is lost; whatever is wrong with the file, the next statement says so.
      if (sqlite.inTransaction) rollback.run()
    }
  }

  return {
    begin: () => {
      if (open) return
      begin.run()
      open = true
      setImmediate(end)
    },
    end
  }
}
